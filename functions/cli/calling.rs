//! What is checked of a call's report before it is logged, and told with it.

use anyhow::bail;
use jiff::tz::TimeZone;
use lazo::shell::app::App;
use lazo::shell::call_list::reporting::{CallBackFault, call_back_fault};
use lazo::shell::call_list::{self, Correction};
use lazo::shell::store::Call;
use lazo::shell::wording::Language;
use lazo_domain::channel::Channel;
use lazo_domain::customer::Customer;
use lazo_domain::decide::CallNow;
use lazo_domain::event::CallOutcome;
use lazo_domain::instant::Instant;
use lazo_domain::rulebook::RuleBook;

/// Whether an outcome is one of what was asked for: a task is done or not, a call
/// reached somebody or not. What was not done needs a reason.
pub fn check_outcome(
    call: &Call,
    outcome: CallOutcome,
    note: Option<&str>,
    lang: Language,
) -> anyhow::Result<()> {
    if outcome.of_channel(call.channel) != outcome {
        let fits = match call.channel {
            Channel::Task => lang.pick(
                "esto es una tarea: done o not_done",
                "this is a task: say done or not_done",
            ),
            _ => lang.pick(
                "esto es una llamada: reached, voicemail, no_answer, wrong_number, do_not_call o call_back",
                "this is a call: say reached, voicemail, no_answer, wrong_number, do_not_call or call_back",
            ),
        };
        bail!("--outcome {}: {fits}", outcome.as_str());
    }
    if outcome == CallOutcome::NotDone && note.is_none_or(|note| note.trim().is_empty()) {
        let why = lang.pick("di por qué con --note", "say why by --note");
        bail!("--outcome not_done: {why}");
    }
    Ok(())
}

/// Whether a customer may be called back then: within a year, in the hours for calls.
///
/// # Errors
/// Where not: with the next time that is.
pub fn check_call_back(
    at: Instant,
    text: &str,
    customer: &Customer,
    book: &RuleBook,
    now: Instant,
    lang: Language,
) -> anyhow::Result<()> {
    let zone = customer.zone(&book.default_zone);
    let why = match call_back_fault(at, customer, book, now) {
        None => return Ok(()),
        Some(CallBackFault::TooFar) => {
            lang.pick("falta más de un año", "is more than a year ahead").to_owned()
        }
        Some(CallBackFault::Closed(Some(opens))) => format!(
            "{}; {}",
            lang.pick("entonces no se puede llamar", "nobody may call then"),
            lang.opens(opens, &zone)
        ),
        Some(CallBackFault::Closed(None)) => {
            lang.pick("nunca se puede llamar", "nobody may ever call").to_owned()
        }
    };
    bail!("--call-back-at {text:?}: {why}")
}

/// How things stand with a call as its report comes.
pub struct Standing {
    correction: Option<Correction>,
    not_now: Option<String>,
    zone: TimeZone,
}

impl Standing {
    /// Of a call that somebody reports now.
    ///
    /// # Errors
    /// Where the table does not answer.
    pub async fn of(
        app: &App,
        call: &Call,
        by: Option<&str>,
        now: Instant,
        lang: Language,
    ) -> anyhow::Result<Standing> {
        let customer = app.store.person(&call.touch.customer).await?.customer;
        let zone = customer.zone(&app.rules().book.default_zone).into_owned();
        let correction = match by {
            Some(by) => call_list::correction(app, call, by, now).await?,
            None => None,
        };
        // What is reported late was in time when it was made.
        let may = match call.is_open(now) {
            true => call_list::may_be_made_now(app, call, now).await?,
            false => CallNow::Yes,
        };
        Ok(Standing { correction, not_now: lang.not_now(&may, now, &zone), zone })
    }

    /// Whether the report corrects one that the same rep made before.
    pub fn corrects(&self) -> bool {
        self.correction.is_some()
    }

    /// What is told with the report: what was wrong with the call, what it corrects and
    /// what has gone out because of that.
    pub fn lines(&self, lang: Language) -> Vec<String> {
        let wrong = self.not_now.iter().map(|why| {
            format!("{}: {why}", lang.pick("no se debía llamar", "this call was not to be made"))
        });
        let corrected = self.correction.iter().flat_map(|one| lang.corrected(one, &self.zone));
        wrong.chain(corrected).collect()
    }
}
