use serde_json::json;

use super::*;

fn trigger(spec: serde_json::Value) -> Result<Trigger, BadTrigger> {
    let spec: TriggerSpec = serde_json::from_value(spec).unwrap();
    spec.trigger()
}

fn span(text: &str) -> Span {
    text.parse().unwrap()
}

#[test]
fn a_trigger_is_one_thing_with_parts_that_belong_to_it() {
    let bad = |spec| trigger(spec).unwrap_err();
    assert_eq!(bad(json!({})), BadTrigger::NotOne);
    assert_eq!(bad(json!({ "occasion": "birthday", "every": "1 day" })), BadTrigger::NotOne);
    assert_eq!(bad(json!({ "event": "CustomerErased" })), BadTrigger::Erased);
    assert_eq!(bad(json!({ "stage": "ended", "lead": "1 day" })), BadTrigger::Lead);
    assert_eq!(bad(json!({ "stage": "ended", "on_day": 1 })), BadTrigger::OnDay);
    let hours = json!({ "occasion": "birthday", "lead": "2 hours" });
    assert_eq!(bad(hours), BadTrigger::LeadUnit(span("2 hours")));
    for period in ["90 minutes", "2 hours", "1 business day", "0 days"] {
        assert_eq!(bad(json!({ "every": period })), BadTrigger::Period(span(period)), "{period}");
    }
    for day in [0, 32] {
        let spec = json!({ "every": "1 month", "on_day": day });
        assert_eq!(bad(spec), BadTrigger::OnDayRange, "{day}");
    }
    for period in ["1 day", "2 weeks"] {
        assert_eq!(bad(json!({ "every": period, "on_day": 1 })), BadTrigger::OnDay, "{period}");
    }
    let lead = Some(span("3 days"));
    let before = trigger(json!({ "occasion": "birthday", "lead": "3 days" }));
    assert_eq!(before, Ok(Trigger::Occasion { name: "birthday".into(), lead }));
    for (period, on_day) in
        [("1 day", None), ("2 weeks", None), ("1 month", Some(31)), ("1 year", Some(1))]
    {
        let every = trigger(json!({ "every": period, "on_day": on_day }));
        assert_eq!(every, Ok(Trigger::Every { period: span(period), on_day }), "{period}");
    }
}

#[test]
fn a_name_may_stand_in_a_touch_id() {
    let longest = "a".repeat(64);
    for name in ["a", "9", "a-b", "thanks-2", longest.as_str()] {
        assert!(is_name(name), "{name}");
    }
    let longer = "a".repeat(65);
    for name in ["", "-a", "A", "a/b", "a_b", "ñ", "a b", longer.as_str()] {
        assert!(!is_name(name), "{name}");
    }
}

#[test]
fn names_are_those_of_the_files() {
    let channels = [Channel::Email, Channel::Call, Channel::Task, Channel::Event];
    assert_eq!(channels.map(|channel| channel.to_string()), ["email", "call", "task", "event"]);
    for channel in channels {
        assert_eq!(serde_json::to_value(channel).unwrap(), channel.as_str());
    }
    for kind in [SurveyKind::Csat, SurveyKind::Nps] {
        assert_eq!(serde_json::from_value::<SurveyKind>(kind.as_str().into()).unwrap(), kind);
    }
}
