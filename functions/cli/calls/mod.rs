//! `lazo calls`: who to call, why, what to say; and how it went.

mod desk;
mod list;
mod report;
mod take;

use anyhow::bail;
use clap::Subcommand;
use lazo::shell::app::App;
use lazo::shell::call_list::Gone;
use lazo::shell::call_list::desk::Moved;
use lazo::shell::call_list::lookup::{self, Named};
use lazo::shell::store::Call;
use lazo::shell::wording::Language;
use lazo_domain::instant::Instant;
use lazo_domain::touch::TouchId;

use super::Answer;
use super::complaints::Opening;
use super::staff::is_somebody;
use super::system::{System, Target};
use crate::clock;

/// The call list.
///
/// ID is what the list shows: the few letters in front, or the whole touch id.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    List(list::ListArgs),
    Today(list::TodayArgs),
    Claim(take::ClaimArgs),
    Next(take::NextArgs),
    Release(take::ReleaseArgs),
    Assign(desk::AssignArgs),
    Snooze(desk::SnoozeArgs),
    Report(report::ReportArgs),
    /// Open a complaint of the customer whom a call is about.
    Complaint {
        /// The call's id, as the list shows it.
        id: String,
        #[command(flatten)]
        opening: Opening,
    },
}

pub async fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let system = match &args.command {
        Command::List(_) | Command::Today(_) => System::open(target).await?,
        _ => System::open_to_write(target).await?,
    };
    let desk = Desk { system: &system, app: &system.app, now: clock::now(), lang };
    match &args.command {
        Command::List(args) => list::list(&desk, args).await,
        Command::Today(args) => list::today(&desk, args).await,
        Command::Claim(args) => take::claim(&desk, args).await,
        Command::Next(args) => take::next(&desk, args).await,
        Command::Release(args) => take::release(&desk, args).await,
        Command::Assign(args) => desk::assign(&desk, args).await,
        Command::Snooze(args) => desk::snooze(&desk, args).await,
        Command::Report(args) => report::report(&desk, args).await,
        Command::Complaint { id, opening } => {
            let call = desk.named(id).await?;
            opening.open(desk.system, &call.touch.customer, desk.now, lang).await
        }
    }
}

/// What each of these commands works with.
struct Desk<'a> {
    system: &'a System,
    app: &'a App,
    now: Instant,
    lang: Language,
}

impl Desk<'_> {
    /// The call that an id names.
    async fn named(&self, id: &str) -> anyhow::Result<Call> {
        let lang = self.lang;
        match lookup::named(self.app, id, self.now).await? {
            Named::One(call) => Ok(*call),
            Named::Several(touches) => {
                let short = lookup::short_ids(self.app, self.now).await?;
                let lines = touches.iter().map(|one| format!("\n  {:<6} {one}", short.of(one)));
                bail!(
                    "{} {id:?}:{}",
                    lang.pick("varias llamadas empiezan con", "several calls begin with"),
                    lines.collect::<String>()
                )
            }
            Named::Nothing => bail!(
                "{} {id:?}; {}",
                lang.pick("no hay ninguna llamada", "there is no call"),
                lang.pick("lazo calls list las muestra", "lazo calls list shows them")
            ),
        }
    }

    /// Refuses a name that nobody of the policy has.
    fn check(&self, name: &str) -> anyhow::Result<()> {
        is_somebody(&self.app.rules().book.policy, name, self.lang)
    }

    /// Says why something was not done, which is an answer.
    fn no(&self, why: &str) -> anyhow::Result<Answer> {
        out!("{why}");
        Ok(Answer::No)
    }

    /// Says why a call is on the list no more, and who reported it.
    async fn over(&self, gone: &Gone, touch: &TouchId) -> anyhow::Result<Answer> {
        let rules = self.app.rules();
        let zone = &rules.book.default_zone;
        let call = self.app.store.call(touch).await?;
        let who = call.and_then(|call| self.lang.reported(&call, zone));
        let who = who.map(|who| format!("; {who}")).unwrap_or_default();
        self.no(&format!("{}{who}", self.lang.gone(gone, zone)))
    }

    /// Says what was done with a call, or why it was not.
    async fn moved(&self, moved: &Moved, touch: &TouchId, done: &str) -> anyhow::Result<Answer> {
        if let Moved::Gone(gone) = moved {
            return self.over(gone, touch).await;
        }
        if let Some(why) = self.lang.unmoved(moved, &self.app.rules().book.default_zone) {
            return self.no(&why);
        }
        out!("{done}");
        Ok(Answer::Yes)
    }
}
