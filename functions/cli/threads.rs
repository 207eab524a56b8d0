//! Work shared out between threads, with the outcome in a fixed order.

/// Runs `work` for each part from 0 to `parts`, each on a thread of its own.
///
/// # Errors
/// A thread that panicked.
pub fn in_parts<R: Send>(parts: usize, work: impl Fn(usize) -> R + Sync) -> anyhow::Result<Vec<R>> {
    std::thread::scope(|scope| {
        let work = &work;
        let started: Vec<_> =
            (0..parts.max(1)).map(|part| scope.spawn(move || work(part))).collect();
        let ended = started.into_iter().map(|thread| thread.join());
        ended.map(|end| end.map_err(|_| anyhow::anyhow!("a thread panicked"))).collect()
    })
}

/// Runs `work` for each item, on as many threads as given.
///
/// # Errors
/// A thread that panicked.
pub fn for_each<T: Sync, R: Send>(
    threads: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> anyhow::Result<Vec<R>> {
    let size = items.len().div_ceil(threads.max(1)).max(1);
    let chunks: Vec<&[T]> = items.chunks(size).collect();
    let parts = in_parts(chunks.len(), |part| {
        chunks.get(part).into_iter().copied().flatten().map(&work).collect::<Vec<R>>()
    })?;
    Ok(parts.into_iter().flatten().collect())
}
