use super::*;

/// The cells of a column, in Mexico.
fn column(cells: &[&str], given: Option<DateOrder>) -> Vec<Result<String, String>> {
    let mut seen = Seen::default();
    for written in cells.iter().filter_map(|cell| written(cell).ok()) {
        seen.add(&written);
    }
    let dates = Dates::new(seen, given, TimeZone::get("America/Mexico_City").unwrap());
    let read = |cell: &&str| {
        dates.read(cell).map(|when| when.instant().map_or("none".into(), |at| at.to_string()))
    };
    cells.iter().map(read).collect()
}

fn reads(cells: &[&str], expected: &[&str]) {
    let found: Vec<String> = column(cells, None).into_iter().map(Result::unwrap).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_day_is_one_of_the_shop_and_an_offset_is_kept() {
    reads(
        &[
            "2025-11-13",
            "2025-11-13 10:00",
            "2025-11-13T10:00:00Z",
            "2025-11-13 10:00:00 -0600",
            "2025-11-13 10:00:00 -06:00",
            "2025-11-13 10:00:00+02",
            "2025-11-13 10:00:00 UTC",
            "2025/11/13",
            "2025.11.13 10:00:00.250",
        ],
        &[
            "2025-11-13T06:00:00Z",
            "2025-11-13T16:00:00Z",
            "2025-11-13T10:00:00Z",
            "2025-11-13T16:00:00Z",
            "2025-11-13T16:00:00Z",
            "2025-11-13T08:00:00Z",
            "2025-11-13T10:00:00Z",
            "2025-11-13T06:00:00Z",
            "2025-11-13T16:00:00.25Z",
        ],
    );
}

#[test]
fn the_column_tells_which_number_is_the_day() {
    reads(&["13/11/2025", "05/06/2025 10:30"], &["2025-11-13T06:00:00Z", "2025-06-05T16:30:00Z"]);
    reads(&["11/13/2025", "5/6/2025"], &["2025-11-13T06:00:00Z", "2025-05-06T06:00:00Z"]);
    // 3 March whichever is first.
    reads(&["03/03/2025"], &["2025-03-03T06:00:00Z"]);
    for cells in [&["05/06/2025", "01/02/2025"][..], &["05/06/2025", "13/11/2025", "11/13/2025"]] {
        let why = column(cells, None).remove(0).unwrap_err();
        assert!(why.contains("2025-06-05 or 2025-05-06") && why.contains("--date-order"));
    }
    let given = |order| column(&["05/06/2025"], Some(order)).remove(0).unwrap();
    assert_eq!(given(DateOrder::Day), "2025-06-05T06:00:00Z");
    assert_eq!(given(DateOrder::Month), "2025-05-06T06:00:00Z");
    assert!(column(&["13/11/2025"], Some(DateOrder::Month))[0].is_err());
}

#[test]
fn half_days_are_read() {
    reads(
        &[
            "13/11/2025 10:00 a. m.",
            "13/11/2025 12:30 AM",
            "13/11/2025 1:05:00 p.m.",
            "13/11/2025 5pm",
        ],
        &[
            "2025-11-13T16:00:00Z",
            "2025-11-13T06:30:00Z",
            "2025-11-13T19:05:00Z",
            "2025-11-13T23:00:00Z",
        ],
    );
}

#[test]
fn what_is_no_time_is_told() {
    for cell in [
        "",
        "soon",
        "31/02/2025",
        "32/13/2025",
        "2025-13-01",
        "2025-11-13 25:00",
        "2025-11-13 10:00 -0660",
        "2025-11-13 10:00 -06000",
        "2025-11-13 10:00 elsewhere",
        "13/11/2025 13:00 PM",
        "45974",
        "1/2/3/2025",
        "13/11-2025",
        "2025-11-13T10:00-99:00",
    ] {
        assert!(column(&[cell], None)[0].is_err(), "{cell}");
    }
    assert!(column(&["13/11/25"], None)[0].as_ref().unwrap_err().contains("write four"));
}
