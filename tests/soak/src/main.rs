//! Years of whole shops in minutes, with everything going wrong
//! that can, and an oracle that knows what should have come of it.
//!
//! The handlers, the store, the mailer and the SDK's clients are the product's
//! own; only AWS is in memory (`lazo_fake_aws`). Customers are spread over
//! shops of 10,000, each with a table of its own, so that threads share nothing
//! and one shop is run again alone in a few minutes.
//!
//! | file | holds |
//! |---|---|
//! | `people`, `life`, `happening` | who the customers are, and what befalls them |
//! | `fact` | the same in plain words: what the oracle goes by |
//! | `shop` | the rules that the shops are run by |
//! | `world` | a shop in virtual time |
//! | `content` | what the shop publishes |
//! | `arrivals` | what is brought to the handlers, and comes again |
//! | `mailbox` | what follows from mails and calls |
//! | `links` | links of mails that are followed |
//! | `ses_faults` | what goes wrong |
//! | `reports` | what reps report of calls and tasks |
//! | `malformed` | records that fit no schema |
//! | `seen` | what went out |
//! | `observe` | what the product says in the end |
//! | `oracle` | whether that is right |
//! | `replay` | the archive replayed into the live table |

/// A line on standard output.
macro_rules! out {
    ($($part:tt)*) => {{
        use std::io::Write;
        writeln!(std::io::stdout().lock(), $($part)*)?
    }};
}

mod arrivals;
mod content;
mod fact;
mod happening;
mod life;
mod links;
mod mailbox;
mod malformed;
mod observe;
mod oracle;
mod pauses;
mod people;
mod publications;
mod queue;
mod replay;
mod report;
mod reports;
mod seen;
mod ses_faults;
mod shop;
#[cfg(test)]
mod tests;
mod totals;
mod world;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant as Clock;

use anyhow::Context;
use clap::Parser;
use clap::builder::RangedU64ValueParser;

use life::{DAY, Years};
use oracle::{Surroundings, Violation, examine, kin};
use shop::Defect;
use totals::Totals;
use world::{Setup, World};

/// How many customers a shop has: so many share the rounds of its workers.
const SHOP: usize = 10_000;

/// How many violations are shown.
const SHOWN: usize = 20;

/// Years of whole shops in virtual time, with every fault, and a check of all
/// that came of it.
#[derive(clap::Parser)]
#[command(version)]
struct Args {
    /// How many customers, 10,000 to a shop.
    #[arg(long, value_name = "N", default_value_t = 100_000, value_parser = RangedU64ValueParser::<usize>::new().range(1..))]
    customers: usize,
    /// How many years, from 2026 on.
    #[arg(long, value_name = "Y", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=50))]
    years: u8,
    /// What all chance is drawn from; the same seed gives the same run.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// How many threads; the outcome is the same for any number.
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// How many archived events are replayed into the live tables at the end.
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    replay: usize,
    /// Runs the shop of one customer alone, and tells what befalls them.
    #[arg(long, value_name = "CUSTOMER")]
    only: Option<String>,
    /// One JSON object.
    #[arg(long)]
    json: bool,
}

/// What a soak found.
struct Found {
    totals: Totals,
    violations: Vec<Violation>,
}

/// How a soak is run.
struct Plan {
    setup: Setup,
    customers: usize,
    threads: usize,
    replay: usize,
}

/// Shops are mostly small allocations: a third faster with it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    lazo::shell::telemetry::init_for_command();
    match run(&Args::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(1),
        Err(error) => {
            eprintln!("lazo-soak: {error:#}");
            ExitCode::from(2)
        }
    }
}

/// Runs a soak, prints what it found, and says how many violations there are.
fn run(args: &Args) -> anyhow::Result<u64> {
    let only = args.only.as_deref().map(|id| {
        let number = id.strip_prefix("cus-").unwrap_or(id).parse::<usize>();
        number.with_context(|| format!("--only {id}: customers are named cus-000042"))
    });
    let only = only.transpose()?;
    let threads = args.threads.filter(|threads| *threads > 0);
    let plan = Plan {
        setup: Setup {
            seed: args.seed,
            years: years(args.years)?,
            zones: people::zones().into(),
            defect: Defect::None,
            only,
        },
        customers: args.customers,
        threads: threads
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into)),
        replay: args.replay,
    };
    let begun = Clock::now();
    let found = soak(&plan)?;
    report::print(args, &found, begun.elapsed())?;
    Ok(found.totals.violations)
}

fn years(count: u8) -> anyhow::Result<Years> {
    let first = |year: i16| -> anyhow::Result<i64> {
        let day: jiff::Timestamp = format!("{year}-01-01T00:00:00Z").parse()?;
        Ok(day.as_millisecond())
    };
    Ok(Years { from: first(2026)?, until: first(2026 + i16::from(count))? })
}

/// Runs all shops, each in one thread from its beginning to its end.
fn soak(plan: &Plan) -> anyhow::Result<Found> {
    let mut shops: Vec<std::ops::Range<usize>> = (0..plan.customers)
        .step_by(SHOP)
        .map(|first| first..(first + SHOP).min(plan.customers))
        .collect();
    let replayed_each = plan.replay.div_ceil(shops.len().max(1));
    if let Some(only) = plan.setup.only {
        shops.retain(|shop| shop.contains(&only));
    }
    let Years { from, until } = plan.setup.years;
    let bar = report::progress(shops.len() as u64 * ((until - from) / DAY) as u64);
    let (next, passed) = (AtomicUsize::new(0), AtomicU64::new(0));
    let found = Mutex::new(Found { totals: Totals::default(), violations: Vec::new() });
    let work = || -> anyhow::Result<()> {
        while let Some(shop) = shops.get(next.fetch_add(1, Ordering::Relaxed)) {
            let (totals, violations) =
                run_shop(&plan.setup, shop.clone(), replayed_each, |time| {
                    let passed = passed.fetch_add(time as u64, Ordering::Relaxed) + time as u64;
                    bar.set_position(passed / DAY as u64);
                })?;
            if let Ok(mut found) = found.lock() {
                found.totals.add(totals);
                found.violations.extend(violations);
            }
        }
        Ok(())
    };
    let ends = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..plan.threads).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join()).collect::<Vec<_>>()
    });
    bar.finish_and_clear();
    for end in ends {
        end.map_err(|_| anyhow::anyhow!("a shop's thread panicked"))??;
    }
    let mut found = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    found.violations.sort_by(|a, b| (&a.customer, &a.what).cmp(&(&b.customer, &b.what)));
    Ok(found)
}

/// Runs one shop, examines every customer, and replays its archive.
fn run_shop(
    setup: &Setup,
    customers: std::ops::Range<usize>,
    replay: usize,
    progress: impl Fn(i64),
) -> anyhow::Result<(Totals, Vec<Violation>)> {
    // Waits of the product pass in virtual time as well.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    runtime.block_on(async {
        let mut world = World::new(setup, customers)?;
        world.teach().await?;
        world.run(progress).await;
        let mut violations = judge(&mut world).await?;
        if replay > 0
            && let Err(why) = replay::replay(&mut world, replay).await
        {
            violations.push(Violation {
                customer: world.people[0].id.clone(),
                what: "replay of the shop's archive".into(),
                why: why.to_string(),
            });
        }
        world.totals.violations = violations.len() as u64;
        world.totals.operations = world.aws.asked();
        Ok((world.totals, violations))
    })
}

async fn judge(world: &mut World) -> anyhow::Result<Vec<Violation>> {
    let mut trouble = std::mem::take(&mut world.trouble);
    trouble.sort_unstable();
    let (listed, kept) = observe::failures(world).await?;
    let Years { from, until } = world.setup.years;
    let live = std::mem::take(&mut world.publications.live);
    let pauses = world.pauses.all.clone();
    let around = Surroundings { from, until, trouble, listed, live, pauses };
    let mut violations = observe::not_kept(world, &kept);
    violations.extend(observe::told_twice(world));
    violations.extend(observe::mornings(world, &around));
    let kin = kin(&world.facts);
    for (place, kin) in kin.iter().enumerate() {
        let observed = observe::customer(world, place).await?;
        observe::count(&observed, &mut world.totals.touches);
        let (person, known) = (&world.people[place], &world.facts[place]);
        let mut facts = known.clone();
        facts.extend(content::facts(&world.pieces, person, known));
        let kin: Vec<_> = kin.iter().map(|other| world.facts[*other].as_slice()).collect();
        let ids = (person.id.as_str(), person.guest.as_deref());
        violations.extend(examine(ids, (&facts, &kin), &observed, &around));
    }
    Ok(violations)
}
