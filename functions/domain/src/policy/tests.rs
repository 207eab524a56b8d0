use super::*;

fn cap(channel: &str, purpose: Option<Purpose>) -> FrequencyCap {
    let channel = serde_json::from_value(channel.into()).unwrap();
    FrequencyCap { channel, purpose, max: 1, per: Span::days(1) }
}

#[test]
fn a_cap_covers_its_channels_and_its_purpose() {
    let channels = [Channel::Email, Channel::Call, Channel::Task, Channel::Event];
    let covered =
        |name: &str| channels.map(|channel| cap(name, None).covers(channel, Purpose::Service));
    assert_eq!(covered("any"), [true; 4]);
    assert_eq!(covered("contact"), [true, true, false, false]);
    assert_eq!(covered("email"), [true, false, false, false]);
    assert_eq!(covered("call"), [false, true, false, false]);
    assert_eq!(covered("task"), [false, false, true, false]);
    assert_eq!(covered("event"), [false, false, false, true]);
    let marketing = cap("email", Some(Purpose::Marketing));
    assert!(marketing.covers(Channel::Email, Purpose::Marketing));
    assert!(!marketing.covers(Channel::Email, Purpose::Service));
    assert!(!marketing.covers(Channel::Call, Purpose::Marketing));
}

#[test]
fn what_a_policy_does_not_say_has_its_default() {
    let policy: Policy = serde_json::from_str("{}").unwrap();
    assert_eq!(policy.default_locale, "en");
    assert_eq!(policy.default_time, Time::constant(10, 0, 0, 0));
    assert_eq!(policy.max_trigger_age, Span::days(3));
    assert_eq!(policy.call_team, "care");
}

#[test]
fn a_time_of_day_has_hours_and_minutes() {
    assert_eq!(parse_time("09:30"), Ok(Time::constant(9, 30, 0, 0)));
    for bad in ["", "9", "9:30", "09.30", "09:30:15", "25:00", "ab:cd"] {
        assert!(parse_time(bad).unwrap_err().en.contains("09:30"), "{bad}");
    }
}

#[test]
fn mail_names_people_and_teams_as_the_policy_does() {
    let policy: Policy = serde_json::from_value(serde_json::json!({
        "people": { "eva": { "name": "Eva Ruiz", "email": "eva@shop.example" }, "leo": { "email": "leo@shop.example" } },
        "teams": { "care": { "name": "Customer care", "email": "care@shop.example" } },
    }))
    .unwrap();
    let called = ["eva", "leo", "care", "nobody"].map(|name| policy.called(name));
    assert_eq!(called, ["Eva Ruiz", "leo", "Customer care", "nobody"]);
}

#[test]
fn a_person_is_of_the_teams_that_count_them_among_their_members() {
    let policy: Policy = serde_json::from_value(serde_json::json!({
        "teams": {
            "care": { "members": ["eva", "leo"] },
            "floor": { "members": ["leo"] },
            "office": { "email": "office@shop.example" },
        },
    }))
    .unwrap();
    let teams = ["eva", "leo", "nobody"].map(|who| policy.teams_of(who).collect::<Vec<_>>());
    assert_eq!(teams, [vec!["care"], vec!["care", "floor"], vec![]]);
}
