//! Who acts on a touch: whom the step, the relationship or the trigger names.

use super::*;

const TEAMS: &str = "call_team: care
relationships: { vip: { channels: [call, task], purposes: [service], call_by: key } }
";

fn rule(assign_to: &str) -> String {
    format!(
        "rule: thanks
status: live
purpose: service
trigger: {{ event: PurchaseCompleted }}
steps: [{{ id: task, channel: task, template: x, wait: 1 hour{assign_to} }}]
"
    )
}

/// Who acts on a purchase's task, by the rule and a profile.
fn who(assign_to: &str, profile: Value) -> String {
    let book = policy_and(TEAMS, &[&rule(assign_to)]);
    let ana = taken(ana(), &event("CustomerUpdated", at(-1), profile), &book, at(-1));
    let bought = |key: &str, by: &str| {
        let total = json!({ "amount": "10.00", "currency": "MXN" });
        let told = json!({ "purchase_id": key, "total": total, "sold_by": by });
        event("PurchaseCompleted", at(0), told)
    };
    let ana = taken(ana, &bought("p-0", "luis"), &book, at(0));
    let ana = taken(ana, &bought("p-1", "eva"), &book, at(0));
    let sends = decide(ana, Input::Due, &book, at(3_600_000)).sends;
    sends.into_iter().find(|send| send.touch.occurrence == "p-1").unwrap().assign_to
}

#[test]
fn the_step_names_who_acts_then_the_relationship_then_it_is_the_team() {
    let (nobody, vip) = (json!({ "locale": "es" }), json!({ "relationship": "vip" }));
    assert_eq!(who("", nobody.clone()), "care");
    assert_eq!(who("", vip.clone()), "key");
    assert_eq!(who(", assign_to: workshop", vip), "workshop");
    assert_eq!(who(", assign_to: sold_by", nobody.clone()), "eva");
    assert_eq!(who(", assign_to: account_manager", nobody), "care");
    let managed = json!({ "account_manager": "marta" });
    assert_eq!(who(", assign_to: account_manager", managed), "marta");
}
