//! `lazo calls claim`, `next` and `release`.

use lazo::shell::call_list::{self, Claim, desk as at_desk, lookup};

use lazo_domain::decide::CallNow;

use super::list::{nothing, show};
use super::{Answer, Desk};
use crate::staff::has_list;

/// Take a call from the list: for a while nobody else gets it.
#[derive(clap::Args)]
pub struct ClaimArgs {
    /// The call's id, as the list shows it.
    id: String,
    /// Who makes the call.
    #[arg(long, value_name = "REP")]
    by: String,
}

/// Take the most urgent call that nobody has, and show it.
#[derive(clap::Args)]
pub struct NextArgs {
    /// Who makes the call.
    #[arg(long, value_name = "REP")]
    by: String,
    /// Only the calls of one person or team; otherwise REP's own, and those
    /// of REP's teams.
    #[arg(long, value_name = "NAME")]
    of: Option<String>,
    /// Leave the script out.
    #[arg(long)]
    brief: bool,
    /// As a JSON object.
    #[arg(long)]
    json: bool,
}

/// Let go of a call that was taken: others may take it at once.
#[derive(clap::Args)]
pub struct ReleaseArgs {
    /// The call's id, as the list shows it.
    id: String,
    /// Who has it.
    #[arg(long, value_name = "REP")]
    by: String,
}

pub async fn claim(desk: &Desk<'_>, args: &ClaimArgs) -> anyhow::Result<Answer> {
    desk.check(&args.by)?;
    let call = desk.named(&args.id).await?;
    let rules = desk.app.rules();
    let zone = &rules.book.default_zone;
    match call_list::claim(desk.app, &call.touch, &args.by, desk.now).await? {
        Claim::Yours { until } => {
            out!("{}", desk.lang.yours(until, zone));
            Ok(Answer::Yes)
        }
        Claim::Taken { by, until } => desk.no(&desk.lang.taken(&by, until, zone)),
        Claim::NotNow { reason, opens } => {
            let customer = desk.app.store.person(&call.touch.customer).await?.customer;
            let may = CallNow::Later { reason, opens };
            let why = desk.lang.not_now(&may, desk.now, &customer.zone(zone));
            desk.no(&why.unwrap_or_default())
        }
        Claim::Gone(gone) => desk.over(&gone, &call.touch).await,
    }
}

/// The most urgent call that somebody may take: one that they have already
/// comes first.
pub async fn next(desk: &Desk<'_>, args: &NextArgs) -> anyhow::Result<Answer> {
    desk.check(&args.by)?;
    let names = match &args.of {
        Some(name) => {
            has_list(desk.app, name, desk.lang).await?;
            vec![name.clone()]
        }
        None => call_list::lists_of(&desk.app.rules().book, &args.by),
    };
    let calls = call_list::open(desk.app, &names, desk.now).await?;
    match at_desk::next(desk.app, calls, &args.by, desk.now).await? {
        Some(listed) => {
            let short = lookup::short_ids(desk.app, desk.now).await?;
            show(desk, &listed, &short, (args.brief, args.json))?;
            Ok(Answer::Yes)
        }
        None if args.json => Ok(Answer::No),
        None => desk.no(nothing(desk)),
    }
}

pub async fn release(desk: &Desk<'_>, args: &ReleaseArgs) -> anyhow::Result<Answer> {
    desk.check(&args.by)?;
    let call = desk.named(&args.id).await?;
    let moved = at_desk::release(desk.app, &call.touch, &args.by, desk.now).await?;
    let done = desk.lang.pick("nadie la tiene ya", "nobody has it any more");
    desk.moved(&moved, &call.touch, done).await
}
