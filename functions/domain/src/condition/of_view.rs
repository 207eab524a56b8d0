//! Where the conditions of rules take their values from: a customer as of an instant.

use std::sync::Arc;

use cel::Value;

use super::Values;
use crate::event::Detail;
use crate::id::Id;
use crate::instant::Instant;
use crate::view::View;

impl Values for View<'_> {
    fn customer(&self, field: &str) -> Option<Value> {
        self.field(field)
    }

    fn event(&self) -> Option<&Arc<str>> {
        self.event.map(|detail| &detail.0)
    }

    fn is_refunded(&self, purchase: &Id) -> bool {
        self.customer.history.is_refunded(purchase, self.until.at.min(self.now))
    }

    fn segment(&self, name: &str) -> bool {
        self.segments.holds(self, name)
    }

    fn now(&self) -> Instant {
        self.now
    }
}

/// A customer as the condition of a segment sees one: without any event.
pub(crate) struct SegmentView<'v, 'a>(pub &'v View<'a>);

impl Values for SegmentView<'_, '_> {
    fn customer(&self, field: &str) -> Option<Value> {
        self.0.field(field)
    }

    fn event(&self) -> Option<&Arc<str>> {
        None
    }

    fn is_refunded(&self, _: &Id) -> bool {
        false
    }

    fn segment(&self, name: &str) -> bool {
        self.0.segment(name)
    }

    fn now(&self) -> Instant {
        self.0.now
    }
}

/// A customer as the condition of an exit sees one: as of the exit, which is
/// `event`, with the trigger of what it may end beside it.
pub(crate) struct ExitView<'a> {
    pub view: View<'a>,
    pub trigger: Option<&'a Detail>,
}

impl Values for ExitView<'_> {
    fn customer(&self, field: &str) -> Option<Value> {
        self.view.field(field)
    }

    fn event(&self) -> Option<&Arc<str>> {
        self.view.event()
    }

    fn trigger(&self) -> Option<&Arc<str>> {
        self.trigger.map(|detail| &detail.0)
    }

    fn is_refunded(&self, purchase: &Id) -> bool {
        self.view.is_refunded(purchase)
    }

    fn segment(&self, name: &str) -> bool {
        self.view.segment(name)
    }

    fn now(&self) -> Instant {
        self.view.now()
    }
}
