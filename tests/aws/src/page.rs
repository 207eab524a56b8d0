//! Pages of a query's answer.

/// How much one page holds.
const PAGE_BYTES: usize = 1024 * 1024;

/// One page of a query's answer.
pub struct Page {
    limit: usize,
    count: usize,
    items: String,
    last: Option<String>,
}

impl Page {
    pub fn new(limit: Option<usize>) -> Page {
        let limit = limit.unwrap_or(usize::MAX);
        Page { limit, count: 0, items: String::new(), last: None }
    }

    /// Adds an item; whether the page is full, and the next goes on behind it.
    pub fn add(&mut self, text: &str, key: impl FnOnce() -> String) -> bool {
        if self.count > 0 {
            self.items.push(',');
        }
        self.items.push_str(text);
        self.count += 1;
        let is_full = self.count >= self.limit || self.items.len() >= PAGE_BYTES;
        if is_full {
            self.last = Some(key());
        }
        is_full
    }

    pub fn answer(self) -> String {
        let Page { count, items, last, .. } = self;
        let last = last.map(|key| format!(r#","LastEvaluatedKey":{key}"#)).unwrap_or_default();
        format!(r#"{{"Count":{count},"ScannedCount":{count},"Items":[{items}]{last}}}"#)
    }
}
