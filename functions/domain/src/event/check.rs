//! What no type can tell of a body: how many, and how two fields go together.

use super::body::{
    CallOutcome, CallReported, ContentPublished, CustomerMerged, CustomerUpdated, ITEMS_MAX,
    NAME_CHARS_MAX, PurchaseCompleted,
};
use super::clean::Unfit;
use super::{AnnualDate, Line};
use crate::instant::{DAY_MILLIS, Instant};

/// What no type can tell of a body: `Err` names the field.
pub(super) type Check<T> = fn(&T) -> Result<(), Unfit>;

pub(super) fn no_check<T>(_: &T) -> Result<(), Unfit> {
    Ok(())
}

fn at_most(most: usize, field: &str, found: usize) -> Result<(), Unfit> {
    match found <= most {
        true => Ok(()),
        false => Err(Unfit::of(field, format!("has {found} entries, at most {most} are taken"))),
    }
}

pub(super) fn check_items(body: &PurchaseCompleted) -> Result<(), Unfit> {
    at_most(ITEMS_MAX, "items", body.items.len())
}

/// Nobody is merged with themselves.
pub(super) fn check_merge(body: &CustomerMerged) -> Result<(), Unfit> {
    match body.merged_id == body.customer_id {
        true => Err(Unfit::of(
            "merged_id",
            "is the same as customer_id; give the id that goes".to_owned(),
        )),
        false => Ok(()),
    }
}

/// How far ahead a customer may ask to be called back, in days.
const CALL_BACK_DAYS_MAX: i64 = 366;

/// A time to call back goes with a call back, and lies ahead.
pub(super) fn check_call(body: &CallReported) -> Result<(), Unfit> {
    let Some(at) = body.call_back_at.map(Instant::from) else { return Ok(()) };
    let unfit = |why: &str| Err(Unfit::of("call_back_at", why.to_owned()));
    let made = Instant::from(body.occurred_at);
    if body.outcome != CallOutcome::CallBack {
        return unfit("goes with the outcome call_back alone");
    }
    if at <= made {
        return unfit("is not after occurred_at: it is when to call again");
    }
    if at > made.plus_millis(CALL_BACK_DAYS_MAX * DAY_MILLIS) {
        return unfit("is more than a year after occurred_at");
    }
    Ok(())
}

pub(super) fn check_topics(body: &ContentPublished) -> Result<(), Unfit> {
    at_most(50, "topics", body.topics.len())
}

/// How old somebody may be: beyond it, a date is another system's for "unknown",
/// such as 1900-01-01 or 0001-01-01.
const AGE_YEARS_MAX: i16 = 120;

pub(super) fn check_profile(body: &CustomerUpdated) -> Result<(), Unfit> {
    // A day's grace: the customer's date may be ahead of UTC's.
    let tomorrow = Instant::from(body.occurred_at).plus_millis(DAY_MILLIS);
    let tomorrow = tomorrow.date_in(&jiff::tz::TimeZone::UTC);
    if let Some(date) = body.birthday.flatten().and_then(AnnualDate::date) {
        if date > tomorrow {
            return Err(Unfit::of("birthday", "is in the future".into()));
        }
        if tomorrow.year() - date.year() > AGE_YEARS_MAX {
            let why = format!("is more than {AGE_YEARS_MAX} years ago, and nobody's birthday");
            return Err(Unfit::of("birthday", why));
        }
    }
    at_most(50, "anniversaries", body.anniversaries.len())?;
    at_most(100, "attributes", body.attributes.len())?;
    at_most(100, "interests", body.interests.iter().flatten().map(Vec::len).sum())?;
    for (field, mut names) in [
        ("anniversaries", Box::new(body.anniversaries.keys()) as Box<dyn Iterator<Item = &String>>),
        ("attributes", Box::new(body.attributes.keys())),
    ] {
        let fits = |name: &String| {
            name.chars().count() <= NAME_CHARS_MAX && Line::new(name.as_str()).is_ok()
        };
        if !names.all(fits) {
            return Err(Unfit::of(field, "has a name that cannot be kept".into()));
        }
    }
    Ok(())
}
