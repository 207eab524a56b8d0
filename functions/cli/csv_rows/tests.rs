use proptest::prelude::*;

use super::*;

fn read_text(text: &str, columns: Option<&str>) -> anyhow::Result<Events> {
    let args = CsvArgs {
        columns: columns.map(str::to_owned),
        currency: Some("MXN".parse().unwrap()),
        time_zone: "America/Mexico_City".into(),
    };
    read(Path::new("purchases.csv"), text, &args, 2)
}

const GOOD: &str = "customer_id,at,amount,item,email\n\
    ana,2026-03-08 02:30,129.90,\"Jarrón, azul\",ana@example.com\n\
    ana,2026-03-09T10:00:00-06:00,-129.90,,\n\
    eva,2026-03-09,0,,eva@example.com\n";

#[test]
fn a_good_file_is_read_whole() {
    let events = read_text(GOOD, Some("email=email")).unwrap();
    // Two profiles, two purchases, one refund.
    assert_eq!((events.good.len(), events.bad.len()), (5, 0));
}

#[test]
fn a_row_that_does_not_fit_is_told_by_its_line() {
    let text = "customer_id,at,amount\nana,soon,1\n,2026-01-01,1\neva,2026-01-01,NaN\nleo,2026-01-01,1e5\nida,2026-01-01\numa,2026-01-01,7\n";
    let events = read_text(text, None).unwrap();
    let places: Vec<&str> = events.bad.iter().map(|bad| bad.place.as_str()).collect();
    assert_eq!(events.good.len() + events.bad.len(), 6);
    assert!(places.contains(&"purchases.csv:2") && places.contains(&"purchases.csv:3"));
    assert!(places.contains(&"purchases.csv:4") && places.contains(&"purchases.csv:6"));
}

#[test]
fn a_column_that_is_not_there_is_named() {
    let why = |text, columns| format!("{:#}", read_text(text, columns).err().unwrap());
    assert!(why("a,b\n1,2\n", None).contains("customer_id"));
    assert!(why(GOOD, Some("total=amout")).contains("amount"));
    assert!(why(GOOD, Some("totl=amount")).contains("total"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a file holds, each row is an event, or told with its line.
    #[test]
    fn any_text_is_taken_or_told(
        text in "\\PC*",
        cells in prop::collection::vec("[-0-9a-z,\";:T. \\n\u{0}ñ]{0,12}", 0..40),
        cut in 0..200usize,
    ) {
        let _ = read_text(&text, None).is_ok();
        let _ = read_text(GOOD, Some(&text)).is_ok();
        let rows: String = cells.iter().flat_map(|cell| [cell.as_str(), ","]).collect();
        let text = format!("{GOOD}{rows}\n{GOOD}");
        if let Ok(events) = read_text(&text, None) {
            prop_assert!(events.good.len() >= 3);
            for event in events.good.iter().map(|delivered| &delivered.event) {
                let read = of_kind(event.kind(), &event.detail.0).unwrap();
                prop_assert_eq!(format!("{:?}", read.event.body), format!("{:?}", event.body));
            }
        }
        let cut: String = GOOD.chars().take(cut).collect();
        let _ = read_text(&cut, None).is_ok();
    }
}
