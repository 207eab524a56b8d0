//! Logs: JSON lines, without personal data.

use std::str::FromStr;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::shell::app::env;

/// Starts logging as a function does, on standard output: our own lines to the
/// level of `LAZO_LOG` (trace, debug, info, warn, error or off; info where it
/// says nothing), and warnings of others. The AWS SDK's finer lines hold whole
/// requests, and so personal data: nothing slots them on.
pub fn init() {
    start(level().unwrap_or(LevelFilter::INFO), std::io::stdout);
}

/// The same for a command, on standard error, and only where `LAZO_LOG` asks.
pub fn init_for_command() {
    if let Some(level) = level() {
        start(level, std::io::stderr);
    }
}

fn level() -> Option<LevelFilter> {
    LevelFilter::from_str(&std::env::var(env::LOG).ok()?).ok()
}

fn start(level: LevelFilter, to: impl for<'a> MakeWriter<'a> + Send + Sync + 'static) {
    let filter = EnvFilter::new(format!("warn,lazo={level},lazo_domain={level}"));
    // A second start, in tests, changes nothing.
    let _ = tracing_subscriber::fmt()
        .json()
        .with_env_filter(filter)
        .with_target(false)
        .with_current_span(false)
        .with_writer(to)
        .try_init();
}
