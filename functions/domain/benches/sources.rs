//! What it costs to map one event of another system:
//! `cargo bench -p lazo-domain --bench sources`.
//!
//! Each sample of `tests/cases/sources` is mapped by the shipped mapping of its system,
//! many times in one process; the best run counts. It fails where the dearest takes more
//! than 50 µs. What an event of the shop's own pays is the look whether it is one of
//! another system's.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on has failed")]

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use lazo_domain::instant::Instant as At;
use lazo_domain::source::{Incoming, RawEvent, Sample, Sources, Way, read_sources};

const BAR: Duration = Duration::from_micros(50);

/// An event of the shop's own.
const OWN: &str = r#"{"version":"0","id":"e1","detail-type":"PurchaseCompleted","source":"shop","account":"123456789012","time":"2026-11-21T16:00:00Z","region":"us-east-1","resources":[],"detail":{"purchase_id":"pur-1","customer_id":"cus-1","occurred_at":"2026-11-21T10:00:00-06:00","total":{"amount":"129.90","currency":"MXN"},"items":[{"sku":"VELA-COPAL","name":"Vela Copal","quantity":1}]}}"#;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let sources = shipped(&root.join("events/sources"));
    let mut dearest = Duration::ZERO;
    for name in ["shopify", "stripe", "woocommerce", "square"] {
        let mut times = times_of(&sources, name, &root.join("tests/cases/sources/samples"));
        times.sort();
        let ((most, dear), count) = (&times[times.len() - 1], times.len());
        println!(
            "{name:<12} {count:>3} samples  median {:>5.1} µs  most {:>5.1} µs ({dear})",
            micros(times[count / 2].0),
            micros(*most)
        );
        dearest = dearest.max(*most);
    }
    let own = best(|| {
        black_box(RawEvent::is_likely(black_box(OWN)));
    });
    println!("own event    {:>5.3} µs for the look whether it is another system's", micros(own));
    assert!(dearest <= BAR, "an event takes {} µs", micros(dearest));
}

fn shipped(folder: &Path) -> Sources {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|kind| kind == "yaml"));
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).unwrap())
    };
    let (sources, found) = read_sources(&yaml.map(read).collect::<Vec<_>>());
    assert!(found.is_empty(), "{found:?}");
    sources
}

/// How long each sample of a system takes, with the sample's name.
fn times_of(sources: &Sources, name: &str, samples: &Path) -> Vec<(Duration, String)> {
    let source = sources.get(name).unwrap();
    let files = std::fs::read_dir(samples.join(name)).unwrap().map(|entry| entry.unwrap().path());
    let now = At::from_millis(1_804_068_000_000);
    let time = |path: PathBuf| {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(path).unwrap();
        let time = match serde_json::from_str(&text).unwrap() {
            Sample::Event(event) => {
                let raw = RawEvent::read(&event.to_string()).unwrap();
                best(|| {
                    black_box(source.map(&raw.incoming(now)));
                })
            }
            Sample::Posted { headers, body } => {
                let small =
                    headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
                let headers: Vec<(String, String)> = small.collect();
                let incoming = Incoming {
                    way: Way::Webhook,
                    detail: &body,
                    headers: &headers,
                    detail_type: None,
                    received_at: now,
                };
                best(|| {
                    black_box(source.map(&incoming));
                })
            }
        };
        (time, file)
    };
    files.map(time).collect()
}

/// The time of one call: of the best of several runs of many.
fn best(mut work: impl FnMut()) -> Duration {
    const CALLS: u32 = 400;
    let run = |_| {
        let started = Instant::now();
        (0..CALLS).for_each(|_| work());
        started.elapsed() / CALLS
    };
    (0..12).map(run).min().unwrap()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
