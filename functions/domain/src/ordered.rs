//! Lists that are kept in order, the earliest first.

/// Puts an entry where it belongs.
pub fn insert<T: Ord>(list: &mut Vec<T>, entry: T) {
    let (Ok(index) | Err(index)) = list.binary_search(&entry);
    list.insert(index, entry);
}

/// Puts an entry where it belongs, unless it is there.
pub fn insert_once<T: Ord>(list: &mut Vec<T>, entry: T) {
    if let Err(index) = list.binary_search(&entry) {
        list.insert(index, entry);
    }
}

/// Leaves the latest of a list.
pub fn keep_latest<T>(list: &mut Vec<T>, max: usize) {
    list.drain(..list.len().saturating_sub(max));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_stays_in_order_and_within_its_bounds() {
        let mut list = vec![1, 3];
        insert(&mut list, 2);
        insert(&mut list, 2);
        insert_once(&mut list, 3);
        insert_once(&mut list, 4);
        assert_eq!(list, [1, 2, 2, 3, 4]);
        keep_latest(&mut list, 5);
        assert_eq!(list.len(), 5);
        keep_latest(&mut list, 2);
        assert_eq!(list, [3, 4]);
    }
}
