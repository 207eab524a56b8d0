//! A short soak; and the oracle held to what is broken on purpose: it must not
//! be a rubber stamp.

use std::ops::Range;

use super::happening::rfc3339;
use super::oracle::Violation;
use super::shop::{Defect, rules};
use super::totals::Totals;
use super::world::Setup;
use super::{people, run_shop, years};

/// How many customers are tried, few at a time, until a defect shows.
const TRIED: usize = 480;
const AT_ONCE: usize = 24;

fn run(customers: Range<usize>, defect: Defect) -> (Totals, Vec<Violation>) {
    let takes_two_years = matches!(defect, Defect::DriftsLater | Defect::KeepsForEver);
    let setup = Setup {
        seed: 7,
        // Few drift away within a year, and nothing is kept for too long in one.
        years: years(1 + u8::from(takes_two_years)).unwrap(),
        zones: people::zones().into(),
        defect,
        only: None,
    };
    let replay = if defect == Defect::None { usize::MAX } else { 0 };
    run_shop(&setup, customers, replay, |_| ()).unwrap()
}

fn told(violations: &[Violation]) -> String {
    violations.iter().take(20).map(|v| format!("{}: {}\n", v.what, v.why)).collect()
}

#[test]
fn whatever_goes_wrong_every_customer_gets_what_they_should() {
    let (totals, violations) = run(0..24, Defect::None);
    assert!(violations.is_empty(), "{}", told(&violations));
    assert!(totals.crashes > 0 && totals.faults > 0 && totals.duplicates > 0, "{totals:?}");
    assert!(totals.replayed > 150 && totals.mails > 50, "{totals:?}");
    assert!(totals.versions > 5 && totals.pauses > 3, "{totals:?}");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let [one, other] = [1, 2].map(|_| serde_json::to_string(&run(0..12, Defect::None).0).unwrap());
    assert_eq!(one, other);
}

fn is_seen(defect: Defect, word: &str) {
    rules(defect).unwrap();
    let mut all = Vec::new();
    for first in (0..TRIED).step_by(AT_ONCE) {
        let (_, violations) = run(first..first + AT_ONCE, defect);
        if violations.iter().any(|violation| violation.why.contains(word)) {
            return;
        }
        all.extend(violations);
    }
    panic!("{defect:?} is not seen, only:\n{}", told(&all));
}

macro_rules! the_oracle_sees {
    ($($name:ident: $defect:ident, $word:literal;)*) => {
        $(#[test]
        fn $name() {
            is_seen(Defect::$defect, $word);
        })*
    };
}

the_oracle_sees! {
    a_worker_that_never_looks_for_versions_is_seen: OldVersion, "names version";
    a_ledger_without_keys_is_seen: NoLedgerKeys, "went out twice";
    a_mail_sent_twice_is_seen: SentTwice, "went out twice";
    a_touch_at_night_is_seen: AtNight, "outside its window";
    a_cap_that_is_not_kept_is_seen: NoCaps, "over a frequency cap";
    mail_without_a_yes_is_seen: NoOptIn, "after a no, or without a yes";
    a_no_that_is_not_heard_is_seen: DeafToNo, "after ";
    a_no_that_is_not_looked_at_again_is_seen: BlindToNo, "after a no, or without a yes";
    a_no_of_the_address_that_is_not_looked_at_is_seen: BlindToOthers, "of the same address, under another id";
    a_merge_that_is_not_taken_is_seen: BlindToMerges, "for a guest who is a customer";
    what_counts_again_under_another_id_is_seen: BlindToOtherId, "counts for the guest and the customer";
    a_bad_record_that_is_not_kept_is_seen: NoQuarantine, "is not kept aside";
    a_lost_event_is_seen: EventsLost, "the ledger has it not";
    an_alarm_that_nobody_hears_is_seen: Overslept, "waits since";
    a_pause_that_is_not_kept_is_seen: NoPause, "during a complaint's pause";
    a_touch_that_outlives_itself_is_seen: NoExpiry, "after it had expired";
    an_exit_that_is_not_taken_is_seen: NoExits, "after an event that ends it";
    an_exit_whose_condition_is_not_asked_is_seen: ExitsRegardless, "as exited without cause";
    a_birthday_on_another_day_is_seen: LeapDayInMarch, "fell due at";
    a_holdout_that_is_not_kept_is_seen: NoHoldout, "to somebody who is held out";
    a_global_holdout_that_is_not_kept_is_seen: NoGlobalHoldout, "to somebody who gets no marketing";
    a_variant_that_was_not_drawn_is_seen: OtherVariants, "which was not drawn";
    a_segment_in_which_nobody_is_is_seen: NobodyInSegments, "not begun for filter_false without cause";
    drift_on_another_day_is_seen: DriftsLater, "nobody began to drift away on that day";
    a_call_that_is_not_tried_again_is_seen: GivesUpCalling, "should be, and nothing is known of it";
    a_time_that_a_customer_named_and_nobody_keeps_is_seen: BlindToNamedTimes, "not when the customer asked";
    a_report_that_is_not_corrected_is_seen: NobodyNamed, "should be, and nothing is known of it";
    a_complaint_of_which_nobody_is_told_is_seen: NobodyInCharge, "and nobody was told of level 1";
    a_morning_without_a_mail_is_seen: NoMornings, "did not come";
    a_morning_s_mail_that_tells_too_much_is_seen: TellsTooMuch, "complaints, and ";
    a_survey_that_everybody_gets_is_seen: AsksAll, "to somebody who was not drawn";
    a_pause_of_the_sending_that_is_not_kept_is_seen: DeafToPauses, "while its sending was paused";
    history_that_is_kept_for_ever_is_seen: KeepsForEver, "told is still kept";
    a_piece_that_reaches_nobody_is_seen: SharesNothing, "not begun for filter_false without cause";
}

#[test]
fn a_run_spans_the_leap_day_and_every_time_zone() {
    let five = years(5).unwrap();
    let leap_day: jiff::Timestamp = "2028-02-29T12:00:00Z".parse().unwrap();
    assert!((five.from..five.until).contains(&leap_day.as_millisecond()));
    assert_eq!(rfc3339(five.from), "2026-01-01T00:00:00Z");
    let zones = people::zones();
    assert!(zones.len() > 400 && zones.iter().any(|zone| zone == "Pacific/Apia"));
}
