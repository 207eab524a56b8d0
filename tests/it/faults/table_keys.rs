//! The table of keys in the store's source is complete: whatever a flow writes has
//! a row there, and each row is written by some flow.

use std::collections::BTreeSet;

use lazo::shell::rules::source_files;
use serde_json::Value;

use super::acts::Act;
use super::flows;
use super::run::{Variant, World};
use super::schedules::block_on;
use lazo_fake_aws::faults::Plan;

use crate::versions::{bundle, publish};

/// Rows that no flow writes, or leaves: each is held by tests of its own.
const NOT_WRITTEN: [(&str, &str); 11] = [
    ("customer#<id>", "state#old#<n>"),           // a long history
    ("fan_outs", "<id>"),                         // gone once it is done
    ("secret", "addresses"),                      // in a world of flows it is given
    ("limits#<name>", "slots"),                   // flows have no limit
    ("drift_model", "fitted"),                    // weeks of many customers
    ("deployed", "bus"),                          // by the binaries in Lambda
    ("audit#<year>-<month>", "<mark of a form>"), // by the console
    ("report", "reckoned"),                       // by the console
    ("drafts", "<file>"),                         // by the console
    ("sessions", "<hash of a browser's secret>"), // by the console
    ("sign_ins", "<hash of a state>"),            // by the console
];

/// What is kept aside, and names somebody.
const UNFIT: &str = r#"{"detail-type":"CustomerUpdated","detail":{"customer_id":"ana","email":7}}"#;

/// The patterns of a cell: `a`, `b` are two.
fn patterns(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether a key is of a pattern, in which `<…>` stands for something, and at the
/// end may stand for nothing.
fn fits(key: &str, pattern: &str) -> bool {
    let mut rest = key;
    let mut is_open = false;
    for part in pattern.split('<').flat_map(|part| match part.split_once('>') {
        Some((_, fixed)) => vec![None, Some(fixed)],
        None => vec![Some(part)],
    }) {
        match part {
            None => is_open = true,
            Some("") => {}
            Some(fixed) if is_open => match rest.find(fixed) {
                Some(at) if at > 0 => (rest, is_open) = (&rest[at + fixed.len()..], false),
                _ => return false,
            },
            Some(fixed) => match rest.strip_prefix(fixed) {
                Some(behind) => rest = behind,
                None => return false,
            },
        }
    }
    rest.is_empty() || is_open
}

#[test]
fn the_table_of_keys_is_complete() {
    let source = include_str!("../../../functions/shell/store/keys.rs");
    let rows: Vec<(String, Vec<String>)> = source
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `"))
        .map(|row| {
            let cells: Vec<&str> = row.split(" | ").collect();
            let pk = cells[0].trim_end_matches('`').to_owned();
            (pk, patterns(cells[1]))
        })
        .collect();
    let mut written: BTreeSet<(usize, usize)> = BTreeSet::new();
    block_on(async {
        let world = World::in_memory();
        for flow in flows::all() {
            world.run(&flow, Variant::each()[0], &Plan::Clean).await;
            let unfit = Act::Event { text: UNFIT.to_owned(), at: flows::due() };
            assert!(unfit.perform(world.app()).await);
            // Another system's refund waits for its purchase; another purchase has come.
            for case in ["shopify/refund", "stripe/paid"] {
                let text = crate::sources::message(case);
                let act = Act::Event { text, at: crate::sources::noon() };
                assert!(act.perform(world.app()).await);
            }
            let mappings = source_files(None).unwrap();
            let edition = bundle("an edition").with_sources(mappings);
            publish(&world.observer, &edition, flows::due()).await;
            for item in world.aws.dump() {
                let item: Value = serde_json::from_str(&item).unwrap();
                let key = |name: &str| item[name]["S"].as_str().unwrap().to_owned();
                let (pk, sk) = (key("pk"), key("sk"));
                let is_of = |row: &(String, Vec<String>)| {
                    let sk = row.1.iter().position(|pattern| fits(&sk, pattern));
                    sk.filter(|_| fits(&pk, &row.0))
                };
                let found = rows.iter().enumerate().find_map(|(at, row)| Some((at, is_of(row)?)));
                assert!(found.is_some(), "{}: {pk} / {sk} has no row in keys.rs", flow.name);
                written.extend(found);
            }
        }
    });
    let unwritten = rows.iter().enumerate().flat_map(|(at, (pk, sks))| {
        let missing = sks
            .iter()
            .enumerate()
            .filter(move |(place, _)| !NOT_WRITTEN.contains(&(pk, &sks[*place])));
        missing
            .filter(|(place, _)| !written.contains(&(at, *place)))
            .map(move |(_, sk)| (pk, sk))
            .collect::<Vec<_>>()
    });
    assert_eq!(unwritten.collect::<Vec<_>>(), [], "rows of keys.rs that no flow writes");
}
