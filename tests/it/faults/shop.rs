//! The shop in which every flow runs: its policy and its rules.

use lazo::shell::rules::Rules;

use crate::support::rules;

const POLICY: &str = "
brand: { name: Casa, from: hola@casa.example, postal_address: Orizaba 127 }
default_locale: es
default_time_zone: America/Mexico_City
marketing_consent: opt_in
frequency_caps: [{ channel: any, max: 6, per: 7 days }]
complaints: { resume_after: 1 day, escalate_after: { high: 23 hours }, escalate_to: [eva, luis], departments: { returns: luis } }
people: { eva: { email: eva@casa.example }, luis: { email: luis@casa.example } }
digest_at: '07:30'
";

const THANKS: &str = "
rule: thanks
status: live
purpose: service
trigger: { event: PurchaseCompleted }
filter: double(event.total.amount) == 10.0 && segment('buyers')
exit_on: [{ event: PurchaseRefunded, if: trigger.refunded && has(event.refund_id) }]
steps:
  - id: mail
    channel: email
    variants: { a: { template: thanks, share: 50% }, b: { template: thanks-too, share: 50% } }
    wait: 1 day
    at: '10:00'
";

const SEGMENTS: &str = "buyers: { if: customer.purchases > 0 }";

const NEWS: &str = "
rule: news
status: live
purpose: marketing
trigger: { event: PurchaseCompleted }
filter: double(event.total.amount) == 77.0
steps: [{ id: mail, channel: email, template: news, wait: 1 day, at: '10:00' }]
";

const CALL: &str = "
rule: call
status: live
purpose: service
trigger: { event: PurchaseCompleted }
filter: double(event.total.amount) == 2000.0
steps: [{ id: call, channel: call, template: call, wait: 1 day, at: '10:00' }]
";

const AGAIN: &str = "
rule: again
status: live
purpose: service
trigger: { event: PurchaseCompleted }
filter: double(event.total.amount) == 3000.0
steps:
  - id: call
    channel: call
    template: again
    wait: 1 day
    at: '10:00'
    attempts: { max: 2, gap: 2 hours, then: email, template: missed }
";

const SOLVED: &str = "
rule: solved
status: live
purpose: service
during_complaint: send
trigger: { event: ComplaintResolved }
steps: [{ id: call, channel: call, template: solved, wait: 1 day, at: '10:00' }]
";

const ARRIVED: &str = "
rule: arrived
status: live
purpose: service
trigger: { event: PurchaseDelivered }
steps: [{ id: mail, channel: email, template: arrived, wait: 1 day, at: '10:00' }]
";

const BIRTHDAY: &str = "
rule: birthday
status: live
purpose: service
trigger: { occasion: birthday }
steps: [{ id: mail, channel: email, template: birthday, at: '10:00' }]
";

const WIN_BACK: &str = "
rule: winback
status: live
purpose: service
trigger: { stage: dissolution }
steps: [{ id: mail, channel: email, template: winback, at: '10:00' }]
";

const SHARE: &str = "
rule: share
status: live
purpose: service
trigger: { event: ContentPublished }
steps: [{ id: mail, channel: email, template: share, wait: 1 day, at: '10:00' }]
";

const NOTE: &str = "
rule: note
status: live
purpose: service
trigger: { event: InteractionRecorded }
filter: event.kind == 'meeting'
steps: [{ id: note, channel: task, template: note }]
";

/// The rules that every flow runs by.
pub fn book() -> Rules {
    book_with("")
}

/// Those that a shop began with.
pub fn book_without_calendar() -> Rules {
    rules(&[("policy.yaml", POLICY), ("segments.yaml", SEGMENTS), ("thanks.yaml", THANKS)])
}

/// Those of every flow, with more in the policy.
pub fn book_with(policy: &str) -> Rules {
    rules(&[
        ("policy.yaml", &format!("{POLICY}{policy}")),
        ("segments.yaml", SEGMENTS),
        ("thanks.yaml", THANKS),
        ("news.yaml", NEWS),
        ("call.yaml", CALL),
        ("again.yaml", AGAIN),
        ("solved.yaml", SOLVED),
        ("arrived.yaml", ARRIVED),
        ("birthday.yaml", BIRTHDAY),
        ("winback.yaml", WIN_BACK),
        ("share.yaml", SHARE),
        ("note.yaml", NOTE),
    ])
}
