//! Mail to people who work in the shop: about what, and what makes each unique.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::digest;
use crate::policy::Policy;

/// What a mail to somebody in the shop is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// A complaint was not resolved in time.
    ComplaintEscalated,
    /// What the day brings a person or a team.
    DailyDigest,
}

impl NoticeKind {
    /// Every kind, each once.
    pub const ALL: [NoticeKind; 2] = [NoticeKind::ComplaintEscalated, NoticeKind::DailyDigest];

    /// The folder in `infra/templates/` that holds what it says.
    pub fn template(self) -> &'static str {
        match self {
            NoticeKind::ComplaintEscalated => "complaint-escalated",
            NoticeKind::DailyDigest => "daily-digest",
        }
    }

    /// What a template is used for, where it is one of these.
    pub fn of_template(name: &str) -> Option<NoticeKind> {
        NoticeKind::ALL.into_iter().find(|kind| kind.template() == name)
    }

    /// Whether the policy sends such mail, so that its template must be there.
    pub fn is_asked_for(self, policy: &Policy) -> bool {
        match self {
            NoticeKind::ComplaintEscalated => !policy.complaints.escalate_to.is_empty(),
            NoticeKind::DailyDigest => policy.digest_at.is_some(),
        }
    }
}

/// What makes a mail to somebody in the shop unique for ever. Ids and names
/// only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeId {
    text: String,
    hash: String,
}

impl NoticeId {
    /// The id of a mail of a kind, to `to`, that tells of what `parts` name.
    ///
    /// # Examples
    /// ```
    /// use lazo_domain::notice::{NoticeId, NoticeKind};
    /// let id = NoticeId::new(NoticeKind::ComplaintEscalated, &["ana", "c-1", "2"], "luis");
    /// assert_eq!(id.to_string(), "complaint-escalated/ana/c-1/2/luis");
    /// ```
    pub fn new(kind: NoticeKind, parts: &[&str], to: &str) -> NoticeId {
        let parts = || [kind.template()].into_iter().chain(parts.iter().copied()).chain([to]);
        let mut hash = Sha256::new();
        for part in parts() {
            // Ids may hold slashes, so parts are told apart by their lengths.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        let hash = digest::hex(&hash.finalize()[..digest::BYTES]);
        NoticeId { text: parts().collect::<Vec<_>>().join("/"), hash }
    }

    /// A short text of letters and digits that stands for it.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

impl fmt::Display for NoticeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_tells_its_kind() {
        for kind in NoticeKind::ALL {
            assert_eq!(NoticeKind::of_template(kind.template()), Some(kind));
        }
        assert_eq!(NoticeKind::of_template("thank-you-mail"), None);
    }

    #[test]
    fn an_id_is_a_text_for_people_and_a_hash_that_no_other_has() {
        let id = |parts: &[&str]| NoticeId::new(NoticeKind::DailyDigest, parts, "eva");
        let (one, other) = (id(&["2026-11-20", "a/b"]), id(&["2026-11-20", "a", "b"]));
        assert_eq!(one.to_string(), "daily-digest/2026-11-20/a/b/eva");
        assert_eq!(one.to_string(), other.to_string());
        assert_ne!(one.hash(), other.hash());
        assert!(one.hash().len() == 32 && one.hash().bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
