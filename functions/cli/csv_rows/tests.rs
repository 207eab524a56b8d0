use std::collections::BTreeMap;

use lazo::shell::wording::Language;
use lazo_domain::event::{Body, Delivered, PurchaseCompleted};
use proptest::prelude::*;

use super::*;
use crate::event_files;

fn args(words: &[(&str, &str)]) -> CsvArgs {
    let mut args = CsvArgs {
        currency: Some("MXN".parse().unwrap()),
        time_zone: Some("America/Mexico_City".into()),
        ..CsvArgs::default()
    };
    for (name, value) in words {
        match *name {
            "columns" => args.columns = Some((*value).to_owned()),
            "lines" => args.lines = true,
            other => panic!("{other}"),
        }
    }
    args
}

/// The events of a text, on two threads.
fn read(text: &str, args: &CsvArgs) -> anyhow::Result<(Vec<Delivered>, Told)> {
    event_files::of_sheet(&Sheet::of(Path::new("purchases.csv"), text, args)?, 2, None)
}

fn read_text(text: &str, columns: Option<&str>) -> anyhow::Result<(Vec<Delivered>, Told)> {
    let words: Vec<_> = columns.map(|columns| ("columns", columns)).into_iter().collect();
    read(text, &args(&words))
}

/// What a text comes to: of each purchase its id, total and what was given back.
fn purchases(text: &str, args: &CsvArgs) -> (Vec<(String, String, String)>, Told) {
    let (events, told) = read(text, args).unwrap();
    let mut found: BTreeMap<String, (String, rust_decimal::Decimal)> = BTreeMap::new();
    for delivered in &events {
        if let Body::PurchaseCompleted(bought) = &delivered.event.body {
            let amount = bought.total.amount.normalize().to_string();
            let id = bought.purchase_id.to_string();
            assert!(found.insert(id, (amount, 0.into())).is_none(), "an id twice");
        }
    }
    for delivered in &events {
        if let Body::PurchaseRefunded(refund) = &delivered.event.body
            && let Some((_, back)) = found.get_mut(refund.purchase_id.as_str())
        {
            *back += refund.total.unwrap().amount;
        }
    }
    let found = found.into_iter();
    (found.map(|(id, (total, back))| (id, total, back.normalize().to_string())).collect(), told)
}

/// Totals and what was given back, in the order of the ids.
fn totals(text: &str, args: &CsvArgs) -> Vec<(String, String)> {
    let (found, told) = purchases(text, args);
    assert!(told.rejected.is_empty(), "{:?}", told.rejected);
    found.into_iter().map(|(_, total, back)| (total, back)).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

const GOOD: &str = "customer_id,at,amount,item,email\n\
    ana,2026-03-08 02:30,129.90,\"Jarrón, azul\",ana@example.com\n\
    ana,2026-03-09T10:00:00-06:00,-129.90,,\n\
    eva,2026-03-09,0,,eva@example.com\n";

#[test]
fn a_good_file_is_read_whole() {
    let (events, told) = read_text(GOOD, Some("email=email")).unwrap();
    // Two profiles, two purchases, one refund.
    assert_eq!((events.len(), told.rejected.len(), told.remarks.len()), (5, 0, 0));
}

#[test]
fn rows_without_ids_are_purchases_each() {
    let text = "customer_id,at,amount\nana,2025-11-13,100.00\nana,2025-11-13,250.00\n\
        ana,2025-11-13,100.00\nana,2025-11-13,100\neva,2025-11-13,100.00\n";
    let (found, _) = purchases(text, &args(&[]));
    let ids: Vec<&str> = found.iter().map(|(id, ..)| id.as_str()).collect();
    let expected = [
        "ana@2025-11-13T06:00:00Z:100",
        "ana@2025-11-13T06:00:00Z:100:2",
        "ana@2025-11-13T06:00:00Z:100:3",
        "ana@2025-11-13T06:00:00Z:250",
        "eva@2025-11-13T06:00:00Z:100",
    ];
    assert_eq!(ids, expected);
    // In another order, and with more behind it, they keep their ids.
    let mut rows: Vec<&str> = text.lines().skip(1).collect();
    rows.reverse();
    rows.extend(["ana,2025-11-14,100.00", "ana,2025-11-13,100.00"]);
    let more = format!("customer_id,at,amount\n{}\n", rows.join("\n"));
    let (more, _) = purchases(&more, &args(&[]));
    assert_eq!(more.len(), 7);
    assert!(ids.iter().all(|id| more.iter().any(|(other, ..)| other == id)));
}

#[test]
fn an_id_is_never_too_long() {
    let customer = "a".repeat(128);
    let text =
        format!("customer_id,at,amount\n{customer},2025-11-13,5\n{customer},2025-11-14,-7\n");
    let (events, told) = read_text(&text, None).unwrap();
    assert_eq!((events.len(), told.rejected.len()), (2, 0));
}

#[test]
fn lines_of_one_purchase_are_told_and_summed_where_wanted() {
    let text = "order_id,customer_id,at,total,item\np-1,ana,2025-11-13,100,Mesa\n\
        p-1,ana,2025-11-13,650,Silla\np-1,ana,2025-11-13,300,Silla\np-1,ana,2025-11-13,-50,\n\
        p-2,ana,2025-11-14,70,Vela\np-1,ana,2025-11-20,-650,Silla\n";
    let (found, told) = purchases(text, &args(&[]));
    // Nothing is counted that would have to be counted otherwise later.
    assert_eq!(found, [("p-2".into(), "70".into(), "0".into())]);
    assert_eq!(told.rejected.len(), 5);
    assert!(told.rejected.iter().all(|(_, why)| why.contains("--lines")), "{:?}", told.rejected);
    let lines = args(&[("lines", "")]);
    assert_eq!(totals(text, &lines), pairs(&[("1000", "650"), ("70", "0")]));
    let (events, _) = read(text, &lines).unwrap();
    let items = events.iter().find_map(|delivered| match &delivered.event.body {
        Body::PurchaseCompleted(PurchaseCompleted { items, .. }) => Some(items),
        _ => None,
    });
    let items: Vec<_> = items.unwrap().iter().map(|i| (i.name.as_str(), i.quantity)).collect();
    assert_eq!(items, [("Mesa", 1.0), ("Silla", 2.0)]);
    assert!(read("customer,at,amount\n", &lines).unwrap_err().to_string().contains("purchase_id"));
}

#[test]
fn copies_of_a_row_with_an_id_count_once_and_are_told() {
    let text = "order_id,customer,at,amount\np-1,ana,2025-11-13,100\np-1,ana,2025-11-13,100\n\
        p-1,eva,2025-11-13,100\n,eva,2025-11-13,100\n,eva,2025-11-13,100\n";
    let (found, told) = purchases(&text.replace("p-1,eva", "p-2,eva"), &args(&[]));
    assert_eq!((found.len(), told.rejected.len()), (4, 0));
    let [(3, remark @ Remark::Copy { of: 2, .. })] = &told.remarks[..] else { panic!() };
    assert!(remark.to_string().contains("--lines"));
    // As lines they are two.
    let text = "order_id,customer,at,amount\np-1,ana,2025-11-13,100\np-1,ana,2025-11-13,100\n";
    assert_eq!(totals(text, &args(&[("lines", "")])), pairs(&[("200", "0")]));
}

#[test]
fn a_refund_counts_whatever_the_file_s_order() {
    let mut rows = [
        "ana,2025-11-10,100.00",
        "ana,2025-11-11 10:00,250.00",
        "ana,2025-11-12,-100.00",
        "ana,2025-11-13,80.00",
        "ana,2025-11-13,-80.00",
        "ana,2025-11-14,80.00",
    ];
    let expected = pairs(&[("100", "0"), ("250", "100"), ("80", "80"), ("80", "0")]);
    for _ in 0..2 {
        let text = format!("customer,at,amount\n{}\n", rows.join("\n"));
        assert_eq!(totals(&text, &args(&[])), expected, "{text}");
        rows.reverse();
    }
    // By a purchase's own id, though another one has as much left.
    let text = "order_id,customer,at,amount\np-1,ana,2025-11-10,100\np-2,ana,2025-11-11,100\n\
        p-1,ana,2025-11-12,-100\n";
    assert_eq!(totals(text, &args(&[])), pairs(&[("100", "100"), ("100", "0")]));
    // Nothing was bought before: the refund is not taken for one of a later purchase.
    let text = "customer,at,amount\nana,2025-11-12,-100\nana,2025-11-13,100\n";
    assert_eq!(totals(text, &args(&[])), pairs(&[("100", "0")]));
}

#[test]
fn a_refund_waits_for_a_purchase_that_is_to_be_mended() {
    let text = "customer,at,amount\nana,soon,100\nana,2025-11-12,-100\neva,2025-11-12,-100\n";
    let (events, told) = read_text(text, None).unwrap();
    let lines: Vec<usize> = told.rejected.iter().map(|(line, _)| *line).collect();
    assert_eq!((events.len(), lines), (1, vec![2, 3]));
}

#[test]
fn a_file_as_people_have_it_is_read() {
    let text = "Cliente;Fecha;Importe;Categoría;Notas\r\n\
        ana;13/11/2025;1.290,50;Mesas;nada\r\n\
        ana;05/12/2025 10:30;1.290;Sillas;\r\n\
        eva;2025-11-13 10:00:00 -0600;78,25999999999999;;\r\n";
    let (events, told) = read_text(text, None).unwrap();
    let found: Vec<String> = events
        .iter()
        .map(|delivered| match &delivered.event.body {
            Body::PurchaseCompleted(bought) => {
                format!("{} {}", bought.occurred_at, bought.total.amount)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    let expected =
        ["2025-11-13T06:00:00Z 1290.50", "2025-12-05T16:30:00Z 1290", "2025-11-13T16:00:00Z 78.26"];
    assert_eq!(found, expected);
    assert!(told.rejected.is_empty());
    let [(4, Remark::Noise { .. })] = told.remarks[..] else { panic!("{:?}", told.remarks) };
}

#[test]
fn a_cell_that_need_not_be_there_is_left_out_and_told() {
    let text = format!(
        "customer,at,amount,item,email,birthday,given\n\
         ana,2025-11-13,100,{},no address,1990-02-30,Ana\n\
         eva,2025-11-13,100,Mesa,eva@example.com,1990-02-28,\n",
        "x".repeat(5_000)
    );
    let columns = "email=email,birthday=birthday,given=given";
    let (events, told) = read_text(&text, Some(columns)).unwrap();
    // Both purchases, and of both what fits of the profile.
    assert_eq!((events.len(), told.rejected.len()), (4, 0));
    let fields: Vec<&str> = told
        .remarks
        .iter()
        .map(|(line, remark)| match remark {
            Remark::LeftOut(one) if *line == 2 => one.path.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(fields, ["birthday", "email", "items[0].name"]);
    let ana = events.iter().find_map(|delivered| match &delivered.event.body {
        Body::CustomerUpdated(profile) => Some(profile),
        _ => None,
    });
    let ana = ana.unwrap();
    assert!(ana.name.is_some() && ana.email.is_none() && ana.birthday.is_none());
}

#[test]
fn a_purchase_of_very_many_lines_is_taken() {
    let rows: String =
        (0..2_000).map(|i| format!("p-1,ana,2025-11-13,1,A thing of number {i}\n")).collect();
    let text = format!("order_id,customer,at,amount,item\n{rows}");
    let (events, told) = read(&text, &args(&[("lines", "")])).unwrap();
    assert_eq!((events.len(), told.rejected.len(), told.remarks.len()), (1, 0, 1));
    assert_eq!(totals(&text, &args(&[("lines", "")])), pairs(&[("2000", "0")]));
}

#[test]
fn a_row_that_does_not_fit_is_told_by_its_line() {
    let text = "customer_id,at,amount\nana,soon,1\n,2026-01-01,1\neva,2026-01-01,NaN\nleo,2026-01-01,1e5\nida,2026-01-01\numa,2026-01-01,7\n";
    let (events, told) = read_text(text, None).unwrap();
    let lines: Vec<usize> = told.rejected.iter().map(|(line, _)| *line).collect();
    assert_eq!((events.len(), lines), (1, vec![2, 3, 4, 5, 6]));
}

#[test]
fn what_may_be_one_or_the_other_is_told() {
    let text = "customer;at;amount\nana;05/06/2025;7\nana;07/07/2025;1.290\nana;07/07/2025;7\n";
    let (events, told) = read_text(text, None).unwrap();
    let lines: Vec<usize> = told.rejected.iter().map(|(line, _)| *line).collect();
    assert_eq!((events.len(), lines), (1, vec![2, 3]));
    let sheet = Sheet::of(Path::new("p.csv"), text, &args(&[])).unwrap();
    let page = sheet.preview(Language::En).unwrap();
    for part in ["\";\"", "America/Mexico_City", "--decimal", "--date-order", "2025-07-07"] {
        assert!(page.contains(part), "{part}: {page}");
    }
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
        cells in prop::collection::vec("[-0-9a-z,\";:T. \\n\u{0}ñ/|$()€]{0,12}", 0..40),
        cut in 0..200usize,
    ) {
        let _ = read_text(&text, None).is_ok();
        let _ = read_text(GOOD, Some(&text)).is_ok();
        let rows: String = cells.iter().flat_map(|cell| [cell.as_str(), ","]).collect();
        let text = format!("{GOOD}{rows}\n{GOOD}");
        if let Ok((events, _)) = read_text(&text, None) {
            prop_assert!(events.len() >= 3);
            for event in events.iter().map(|delivered| &delivered.event) {
                let read = lazo_domain::event::of_kind(event.kind(), &event.detail.0).unwrap();
                prop_assert_eq!(format!("{:?}", read.event.body), format!("{:?}", event.body));
            }
        }
        let cut: String = GOOD.chars().take(cut).collect();
        let _ = read_text(&cut, None).is_ok();
    }

    /// The rows of a file come to the same in whatever order they stand.
    #[test]
    fn the_order_of_rows_does_not_matter(
        rows in prop::collection::vec((0..3u8, 1..28u8, 0..24u8, -3..6i8), 0..30),
        swaps in prop::collection::vec((0..30usize, 0..30usize), 0..30),
    ) {
        // Times differ, so that no two are in one order by chance.
        let mut rows: Vec<String> = rows
            .iter()
            .enumerate()
            .map(|(i, (customer, day, hour, tens))| {
                format!("c{customer},2025-11-{day:02} {hour:02}:{:02}:{:02},{tens}0", i / 60, i % 60)
            })
            .collect();
        let text = |rows: &[String]| format!("customer,at,amount\n{}\n", rows.join("\n"));
        let expected = purchases(&text(&rows), &args(&[])).0;
        for (a, b) in swaps {
            if a < rows.len() && b < rows.len() {
                rows.swap(a, b);
            }
        }
        prop_assert_eq!(purchases(&text(&rows), &args(&[])).0, expected);
    }
}
