//! What each function gives.

use super::*;

fn told(name: &str, args: &[Value]) -> String {
    let helper = HELPERS.iter().find(|one| one.name == name).unwrap().helper;
    let Told { value, unfit } = helper.call(args, "shop-");
    match (value, unfit) {
        (Value::Absent, Some(why)) => format!("({why})"),
        (Value::Absent, None) => "absent".into(),
        (value, _) => {
            let mut text = String::new();
            value.write_json(&mut text);
            text
        }
    }
}

fn number(text: &str) -> Value {
    super::super::value::of_number(text)
}

#[test]
fn money_is_a_decimal_of_its_currency() {
    let money = |amount: Value, currency: &str| told("money", &[amount, currency.into_value()]);
    let minor =
        |amount: &str, currency: &str| told("minor", &[number(amount), currency.into_value()]);
    let of = |amount: &str, currency: &str| {
        format!(r#"{{"amount":"{amount}","currency":"{currency}"}}"#)
    };
    assert_eq!(money(Value::text("129.90"), "mxn"), of("129.90", "MXN"));
    assert_eq!(money(Value::text("1279"), "MXN"), of("1279", "MXN"));
    assert_eq!(money(number("320"), "MXN"), of("320.00", "MXN"));
    assert_eq!(money(number("275.862068965517"), "MXN"), of("275.86", "MXN"));
    assert_eq!(money(number("12990"), "CLP"), of("12990", "CLP"));
    assert_eq!(money(Value::text("-1"), "MXN"), "(is below zero)");
    assert_eq!(money(Value::text("1,279.00"), "MXN"), "(is no amount)");
    assert_eq!(money(Value::Null, "MXN"), "null");
    assert_eq!(money(Value::Absent, "MXN"), "absent");
    assert_eq!(money(number("1"), ""), "(has no currency)");
    assert_eq!(minor("129900", "mxn"), of("1299.00", "MXN"));
    assert_eq!(minor("5500", "jpy"), of("5500", "JPY"));
    assert_eq!(minor("12990", "kwd"), of("12.990", "KWD"));
    assert_eq!(minor("50000", "isk"), of("500.00", "ISK"));
    assert_eq!(minor("0", "mxn"), of("0.00", "MXN"));
    assert_eq!(minor("-1", "mxn"), "(is below zero)");
}

trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for &str {
    fn into_value(self) -> Value {
        Value::text(self)
    }
}

#[test]
fn ids_are_text_with_all_their_digits() {
    assert_eq!(told("id", &[number("890088186047892319")]), r#""shop-890088186047892319""#);
    assert_eq!(told("id", &["cus_1".into_value()]), r#""shop-cus_1""#);
    assert_eq!(told("id", &[Value::Null]), "null");
    assert_eq!(told("id", &["".into_value()]), "null");
    // Nobody is the customer of that number: all would be one.
    assert_eq!(told("id", &[number("0")]), "null");
    assert_eq!(told("id", &["0".into_value()]), "null");
    let guest = told("guest", &[" Paula@Example.com".into_value()]);
    assert!(guest.starts_with(r#""shop-guest-"#) && guest.len() == 2 + 11 + 32, "{guest}");
    assert_eq!(guest, told("guest", &["paula@example.com".into_value()]));
    assert_eq!(told("guest", &["n/a".into_value()]), "(is no e-mail address)");
}

#[test]
fn times_keep_their_offset_and_keys_are_of_utc() {
    let at = "2026-04-11T12:00:00-06:00".into_value();
    assert_eq!(told("instant", std::slice::from_ref(&at)), r#""2026-04-11T12:00:00-06:00""#);
    assert_eq!(told("stamp", &[at]), r#""20260411T180000Z""#);
    assert_eq!(told("instant", &[number("1793898222")]), r#""2026-11-05T17:03:42Z""#);
    let soon = told("instant", &["2026-11-05T17:03:42".into_value()]);
    assert_eq!(soon, "(is no instant with its offset)");
    let local = ["2026-11-05T17:03:42".into_value(), "UTC".into_value()];
    assert_eq!(told("local_time", &local), r#""2026-11-05T17:03:42Z""#);
}

#[test]
fn a_name_has_what_there_is_of_it() {
    let of = |given: Value, family: Value| told("name", &[given, family]);
    let (ana, luz) = ("Ana".into_value(), "Luz".into_value());
    assert_eq!(of(ana.clone(), luz.clone()), r#"{"given":"Ana","family":"Luz"}"#);
    assert_eq!(of(ana, Value::Null), r#"{"given":"Ana"}"#);
    assert_eq!(of("".into_value(), luz), r#"{"given":"Luz"}"#);
    assert_eq!(of(Value::Null, "".into_value()), "null");
    assert_eq!(of(Value::Absent, Value::Absent), "absent");
}

#[test]
fn lists_are_summed_and_looked_through() {
    let of = |values: &[Value]| Value::List(Arc::new(values.to_vec()));
    let list = of(&[number("0.1"), "0.20".into_value(), Value::Null]);
    assert_eq!(told("sum", &[list]), "0.3");
    assert_eq!(told("sum", &[Value::Absent]), "0");
    assert_eq!(told("sum", &[of(&["x".into_value()])]), "(has a part that is no number)");
    assert_eq!(told("first", &[Value::Null, "".into_value(), number("1")]), "1");
    assert_eq!(told("first", &[Value::Null, Value::Absent]), "null");
    assert_eq!(told("list", &[Value::Null]), "[]");
    assert_eq!(told("list", &[number("1")]), "[1]");
    let gid = "gid://shopify/StaffMember/90".into_value();
    assert_eq!(told("last", &[gid, "/".into_value()]), r#""90""#);
}
