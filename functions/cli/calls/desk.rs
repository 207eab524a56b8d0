//! `lazo calls assign` and `snooze`: a call to somebody else, or for later.

use lazo::shell::call_list::desk as at_desk;
use lazo::shell::wording::moment;

use super::{Answer, Desk};
use crate::when;

/// Give a call to another person or team; it stays theirs.
#[derive(clap::Args)]
pub struct AssignArgs {
    /// The call's id, as the list shows it.
    id: String,
    /// The person or team that is to make it.
    #[arg(long, value_name = "NAME")]
    to: String,
    /// Who gives it away; needed where they have taken it.
    #[arg(long, value_name = "REP")]
    by: Option<String>,
}

/// Put a call off: until then `calls next` hands it to nobody.
#[derive(clap::Args)]
pub struct SnoozeArgs {
    /// The call's id, as the list shows it.
    id: String,
    /// Until when, by the shop's clock: `15:30`, `2026-12-03`, `2026-12-03 10:00`,
    /// `2 hours`, `1 business day`, or an instant such as 2026-12-03T10:00:00-06:00.
    #[arg(long, value_name = "WHEN")]
    until: String,
    /// Who puts it off; needed where they have taken it.
    #[arg(long, value_name = "REP")]
    by: Option<String>,
}

pub async fn assign(desk: &Desk<'_>, args: &AssignArgs) -> anyhow::Result<Answer> {
    args.by.iter().chain([&args.to]).try_for_each(|name| desk.check(name))?;
    let call = desk.named(&args.id).await?;
    let by = args.by.as_deref();
    let moved = at_desk::hand_over(desk.app, &call.touch, &args.to, by, desk.now).await?;
    let done = format!("{} {}", desk.lang.pick("ahora es de", "it is now on the list of"), args.to);
    desk.moved(&moved, &call.touch, &done).await
}

pub async fn snooze(desk: &Desk<'_>, args: &SnoozeArgs) -> anyhow::Result<Answer> {
    args.by.iter().try_for_each(|name| desk.check(name))?;
    let rules = desk.app.rules();
    let zone = &rules.book.default_zone;
    let until = when::read(&args.until, "--until", desk.now, zone, &rules.book.policy, desk.lang)?;
    let call = desk.named(&args.id).await?;
    let by = args.by.as_deref();
    let moved = at_desk::snooze(desk.app, &call.touch, until, by, desk.now).await?;
    let done = format!("{} {}", desk.lang.pick("pospuesta a", "snoozed to"), moment(until, zone));
    desk.moved(&moved, &call.touch, &done).await
}
