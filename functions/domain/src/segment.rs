//! Segments: customers who have something in common, by a condition with a name
//! (rules#segments).

mod fifths;
mod tally;

use std::cell::RefCell;
use std::sync::Arc;

use cel::Value;

use crate::condition::{Condition, SegmentView, Verdict};
use crate::text_by_language::TextByLanguage;
use crate::view::View;
pub use fifths::{BUYERS_MIN, Buyers, Fifths};
pub use tally::{EXAMPLES_MAX, Seen, Tally};

/// How many segments a shop may have.
pub const SEGMENTS_MAX: usize = 100;

/// A segment.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Small letters, digits and hyphens.
    pub name: String,
    /// What people read in place of the name.
    pub title: TextByLanguage,
    /// Who is in it, in words.
    pub description: TextByLanguage,
    /// Who is in it; `None` where the file has it wrong, and nobody is.
    pub condition: Option<Condition>,
    /// Whether it is there to be counted, so that no rule need ask for it.
    pub counted: bool,
    /// The segments that it needs, however far away: each behind those that it needs
    /// itself.
    needs: Vec<usize>,
}

impl Segment {
    /// A segment that needs no others as yet.
    pub(crate) fn new(
        name: String,
        (title, description): (TextByLanguage, TextByLanguage),
        condition: Option<Condition>,
        counted: bool,
    ) -> Segment {
        Segment { name, title, description, condition, counted, needs: Vec::new() }
    }

    /// The segments that its condition names.
    pub fn uses(&self) -> impl Iterator<Item = &str> {
        self.condition.iter().flat_map(Condition::segments).map(String::as_str)
    }
}

/// All segments of a shop, by name.
#[derive(Clone, Debug, Default)]
pub struct Segments(Vec<Segment>);

impl Segments {
    /// These segments. Those that go round in circles lose their conditions; each
    /// circle is told, its first name at both ends.
    pub(crate) fn new(mut all: Vec<Segment>) -> (Segments, Vec<Vec<String>>) {
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let mut segments = Segments(all);
        let circles = segments.open_circles();
        for index in 0..segments.0.len() {
            let mut needs = Vec::new();
            segments.collect(index, &mut needs);
            needs.retain(|needed| *needed != index);
            segments.0[index].needs = needs;
        }
        (segments, circles)
    }

    /// What a segment needs, and behind that the segment itself.
    fn collect(&self, index: usize, found: &mut Vec<usize>) {
        if found.contains(&index) {
            return;
        }
        self.used_by(index).for_each(|used| self.collect(used, found));
        found.push(index);
    }

    fn used_by(&self, index: usize) -> impl Iterator<Item = usize> {
        self.0[index].uses().filter_map(|name| self.index(name))
    }

    /// Takes the conditions out of the segments that go round in circles.
    fn open_circles(&mut self) -> Vec<Vec<String>> {
        let mut circles = Vec::new();
        for index in 0..self.0.len() {
            // Each circle is found from its first name on.
            while let Some(way) = self.way_back(&mut vec![index], &mut vec![false; self.0.len()]) {
                let names = way.iter().map(|at| self.0[*at].name.clone());
                circles.push(names.chain([self.0[index].name.clone()]).collect());
                way.iter().for_each(|at| self.0[*at].condition = None);
            }
        }
        circles
    }

    /// A way from the first of a path back to it.
    fn way_back(&self, path: &mut Vec<usize>, seen: &mut [bool]) -> Option<Vec<usize>> {
        let (first, last) = (*path.first()?, *path.last()?);
        for used in self.used_by(last) {
            if used == first {
                return Some(path.clone());
            }
            if !std::mem::replace(&mut seen[used], true) {
                path.push(used);
                if let Some(way) = self.way_back(path, seen) {
                    return Some(way);
                }
                path.pop();
            }
        }
        None
    }

    fn index(&self, name: &str) -> Option<usize> {
        self.0.binary_search_by(|segment| segment.name.as_str().cmp(name)).ok()
    }

    /// Each, in the order of names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Segment> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One by its name.
    pub fn get(&self, name: &str) -> Option<&Segment> {
        self.index(name).map(|index| &self.0[index])
    }

    /// The conditions that are asked where a condition is: its own, and those of the
    /// segments that it needs.
    pub fn asked_by<'a>(&'a self, condition: &'a Condition) -> impl Iterator<Item = &'a Condition> {
        let named = condition.segments().iter().filter_map(|name| self.get(name));
        let all = self.0.iter().filter(|_| condition.lists_segments());
        let asked = named.chain(all).flat_map(|segment| {
            segment.needs.iter().map(|needed| &self.0[*needed]).chain([segment])
        });
        std::iter::once(condition).chain(asked.filter_map(|segment| segment.condition.as_ref()))
    }
}

/// The segments as a view asks for them: each at most once, and only when a condition
/// does. Costs nothing until then.
#[derive(Default)]
pub struct Asked<'a> {
    segments: Option<&'a Segments>,
    answers: RefCell<Vec<Option<bool>>>,
}

impl<'a> Asked<'a> {
    /// Nothing asked yet.
    pub fn of(segments: &'a Segments) -> Asked<'a> {
        Asked { segments: Some(segments), answers: RefCell::default() }
    }

    /// The same segments, for another view: nothing asked yet.
    pub fn anew(&self) -> Asked<'a> {
        Asked { segments: self.segments, answers: RefCell::default() }
    }

    /// Whether the view's customer is in a segment.
    pub(crate) fn holds(&self, view: &View<'_>, name: &str) -> bool {
        let Some(segments) = self.segments else { return false };
        segments.index(name).is_some_and(|index| self.holds_at(segments, view, index))
    }

    /// The names of those that the view's customer is in, in their order.
    pub(crate) fn all(&self, view: &View<'_>) -> Value {
        let segments = self.segments.into_iter();
        let named = segments.flat_map(|all| {
            let held = (0..all.0.len()).filter(|index| self.holds_at(all, view, *index));
            held.map(|index| Value::from(all.0[index].name.as_str())).collect::<Vec<_>>()
        });
        Value::List(Arc::new(named.collect()))
    }

    /// What one needs is answered first, in its order: so no condition is asked from
    /// within another, however long the chain is, and none twice.
    fn holds_at(&self, segments: &Segments, view: &View<'_>, index: usize) -> bool {
        if let Some(known) = self.known(index) {
            return known;
        }
        let needed = segments.0[index].needs.iter().copied().chain([index]);
        for one in needed {
            if self.known(one).is_none() {
                let condition = segments.0[one].condition.as_ref();
                let holds =
                    condition.is_some_and(|it| it.verdict(&SegmentView(view)) == Verdict::Holds);
                let mut answers = self.answers.borrow_mut();
                answers.resize(segments.0.len(), None);
                answers[one] = Some(holds);
            }
        }
        self.known(index).unwrap_or(false)
    }

    fn known(&self, index: usize) -> Option<bool> {
        self.answers.borrow().get(index).copied().flatten()
    }
}
