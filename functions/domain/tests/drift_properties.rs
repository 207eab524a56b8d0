//! What holds of drift for every history: against quadrature, and in general.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod made_shop;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use lazo_domain::drift::{
    Estimate, Histories, Judge, Kind, Model, Params, PurchaseDay, Refusal, Rhythm, Sample, Scorer,
    ShopRhythm, Spending, Spent, Summary, Weeks, fit, fit_from,
};
use lazo_domain::policy::Drift;
use made_shop::{Draw, customer};
use proptest::prelude::*;

const START: Date = date(2024, 1, 1);

fn day(days: u32) -> Date {
    START.checked_add(i64::from(days).days()).unwrap()
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::MbgNbd), Just(Kind::BgNbd)]
}

fn params() -> impl Strategy<Value = Params> {
    (kinds(), 0.05..5.0_f64, 0.1..50.0_f64, 0.05..5.0_f64, 0.05..20.0_f64)
        .prop_map(|(kind, r, alpha, a, b)| Params { kind, r, alpha, a, b })
}

/// Purchase days: the first, and gaps.
fn rhythms() -> impl Strategy<Value = Rhythm> {
    (0_u32..400, prop::collection::vec(1_u32..120, 0..40)).prop_map(|(first, gaps)| {
        let mut at = first;
        let later = gaps.iter().map(|gap| {
            at += gap;
            day(at)
        });
        Rhythm::of(std::iter::once(day(first)).chain(later.collect::<Vec<_>>())).unwrap()
    })
}

fn model(params: Params) -> Model {
    Model {
        kind: params.kind,
        until: START,
        customers: 1_000,
        unique_histories: 900,
        estimate: Some(Estimate { params, log_likelihood: -1.0, evaluations: 1 }),
        refused: None,
        rhythm: ShopRhythm { completed_gaps: 500, mean_gap_days: 41.5, overdue_ratio: 2.75 },
        spending: Spending { mean: 100.0, model: None },
    }
}

fn scorers() -> impl Strategy<Value = Scorer> {
    let policy = |at_risk_p_alive| Drift { at_risk_p_alive, ..Drift::default() };
    prop_oneof![
        (params(), 0.01..0.99_f64)
            .prop_map(move |(params, at_risk)| Scorer::new(Some(&model(params)), &policy(at_risk))),
        (1.0..200.0_f64, 0.1..20.0_f64).prop_map(move |(mean_gap_days, overdue_ratio)| {
            let rhythm = ShopRhythm { completed_gaps: 100, mean_gap_days, overdue_ratio };
            let refused = Some(Refusal::NoRepeats);
            let of = Params { kind: Kind::MbgNbd, r: 1.0, alpha: 1.0, a: 1.0, b: 1.0 };
            Scorer::new(Some(&Model { rhythm, refused, ..model(of) }), &policy(0.5))
        }),
        Just(Scorer::new(None, &Drift::default())),
    ]
}

/// The mean of f over gamma (shape, rate) times beta (a, b), by the trapezoidal
/// rule in the logarithm and the log-odds, where both densities are smooth.
fn mean(shape: f64, rate: f64, a: f64, b: f64, f: impl Fn(f64, f64) -> f64) -> f64 {
    let weights = |low: f64, high: f64, log_density: &dyn Fn(f64) -> f64| -> Vec<(f64, f64)> {
        let steps = 600;
        let nodes = (0..=steps).map(|i| low + (high - low) * f64::from(i) / f64::from(steps));
        let nodes: Vec<(f64, f64)> = nodes.map(|at| (at, log_density(at))).collect();
        let top = nodes.iter().map(|node| node.1).fold(f64::MIN, f64::max);
        let sum: f64 = nodes.iter().map(|node| (node.1 - top).exp()).sum();
        nodes.iter().map(|node| (node.0, (node.1 - top).exp() / sum)).collect()
    };
    let rates = weights(-80.0, 8.0, &|u: f64| shape * u - rate * u.exp());
    let chance = |v: f64| 1.0 / (1.0 + (-v).exp());
    let chances = weights(-80.0, 80.0, &|v: f64| {
        let rest = chance(-v);
        a * chance(v).ln() + b * rest.ln()
    });
    let mut sum = 0.0;
    for (u, weight) in rates.iter().filter(|node| node.1 > 1e-14) {
        for (v, other) in chances.iter().filter(|node| node.1 > 1e-14) {
            sum += weight * other * f(u.exp(), chance(*v));
        }
    }
    sum
}

/// The closed forms are what the model's story says: given that a customer is
/// alive, rates are gamma (r+x, α+T) and chances to leave beta.
#[test]
fn closed_forms_are_the_means_of_the_story() {
    let of = |r, alpha, a, b| Params { kind: Kind::MbgNbd, r, alpha, a, b };
    let shops = [of(0.525, 6.183, 0.891, 1.614), of(2.0, 9.0, 1.0, 5.0), of(0.9, 3.0, 2.5, 0.8)];
    for params in shops.into_iter().chain(shops.map(|p| Params { kind: Kind::BgNbd, ..p })) {
        for (repeats, recency, age) in [(0, 0.0, 20.0), (1, 5.0, 30.0), (6, 30.0, 33.0)] {
            let weeks = Weeks { repeats, recency, age };
            let first = if params.kind == Kind::MbgNbd { 1.0 } else { 0.0 };
            let (shape, rate) = (params.r + f64::from(repeats), params.alpha + age);
            let (a, b) = (params.a, params.b + f64::from(repeats) + first);
            let alive = params.p_alive(weeks);
            let active = alive * mean(shape, rate, a, b, |rate, _| -(-rate * 26.0).exp_m1());
            let story = |rate: f64, chance: f64| -(-rate * chance * 26.0).exp_m1() / chance;
            let expected = alive * mean(shape, rate, a, b, story);
            let errors = [
                params.p_active(weeks, 26.0) / active - 1.0,
                params.expected_purchases(weeks, 26.0) / expected - 1.0,
            ];
            assert!(errors.iter().all(|e| e.abs() < 1e-7), "{params:?} {weeks:?} {errors:?}");
        }
    }
}

/// As in Fader, Hardie and Lee 2005, section 4: 1.226 purchases of somebody who
/// bought twice more within 39 weeks, the last time in week 30.
#[test]
fn the_paper_s_customer() {
    let params = Params { kind: Kind::BgNbd, r: 0.243, alpha: 4.414, a: 0.793, b: 2.426 };
    let of = Weeks { repeats: 2, recency: 30.43, age: 38.86 };
    assert!((params.expected_purchases(of, 39.0) - 1.226).abs() < 5e-4);
}

/// ln-likelihood, p_alive, p_active and expected purchases, reckoned with 50 digits
/// by the formulas as the papers print them; at a = 1 by quadrature.
#[test]
fn values_of_fifty_digits_are_met() {
    use Kind::{BgNbd, MbgNbd};
    type Row = (Kind, [f64; 4], u32, [f64; 3], [f64; 4]);
    #[rustfmt::skip]
    #[allow(clippy::excessive_precision, reason = "as they were printed")]
    let rows: [Row; 10] = [
        (BgNbd, [0.243, 4.414, 0.793, 2.426], 0, [0.0, 38.86, 39.0], [-0.55471327643815845, 1.0, 0.14455054078331845, 0.19509805201126264]),
        (BgNbd, [0.243, 4.414, 0.793, 2.426], 2, [30.43, 38.86, 39.0], [-9.4586063070662712, 0.72657857008067291, 0.55462713791700443, 1.2260281747671444]),
        (BgNbd, [0.243, 4.414, 0.793, 2.426], 1, [1.71, 38.86, 39.0], [-4.4690932750325885, 0.21210098537737908, 0.11666734938295494, 0.20318698707975406]),
        (BgNbd, [0.243, 4.414, 0.793, 2.426], 26, [30.86, 31.0, 39.0], [-37.726579473394441, 0.96891564971752508, 0.96891564637978841, 20.74972614085729]),
        (BgNbd, [0.243, 4.414, 0.793, 2.426], 150, [40.0, 104.0, 39.0], [21.746948616239211, 1.127007600660745e-56, 1.127007600660745e-56, 5.3799376782020787e-55]),
        (BgNbd, [0.6, 9.0, 0.2, 0.3], 0, [0.0, 2.0, 52.0], [-0.1204024172772907, 1.0, 0.64906128508965481, 1.6873101029793347]),
        (BgNbd, [2.5, 11.0, 3.0, 0.7], 4, [20.0, 60.0, 5.5], [-15.17532085090988, 0.0056144474128935292, 0.0021575462986123756, 0.0025365184183847194]),
        (MbgNbd, [0.6, 9.0, 1.0, 2.5], 3, [20.0, 30.0, 26.0], [-11.487187796303032, 0.65434445414448336, 0.55031629166636799, 1.319667441786357]),
        (MbgNbd, [2.5, 11.0, 3.0, 0.7], 0, [0.0, 1.0, 104.0], [-0.037686906800060906, 0.15804913721650636, 0.15750513549825272, 0.28317960728439496]),
        (MbgNbd, [0.525, 6.183, 0.891, 1.614], 400, [300.0, 312.0, 39.0], [-305.64821019370292, 9.2633108999676821e-5, 9.2633108999676821e-5, 0.0043179754033789252]),
    ];
    for (kind, [r, alpha, a, b], repeats, [recency, age, h], expected) in rows {
        let params = Params { kind, r, alpha, a, b };
        let of = Weeks { repeats, recency, age };
        let found = [
            params.log_likelihood(of),
            params.p_alive(of),
            params.p_active(of, h),
            params.expected_purchases(of, h),
        ];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-11, "{params:?} {of:?} {found} {expected}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn chances_are_chances(params in params(), of in rhythms(), wait in 0_u32..5_000, h in 0.1..520.0_f64) {
        let summary = of.summary(of.last().checked_add(i64::from(wait).days()).unwrap());
        let weeks = Weeks::from(summary);
        let (alive, active) = (params.p_alive(weeks), params.p_active(weeks, h));
        prop_assert!((0.0..=1.0).contains(&alive) && (0.0..=alive).contains(&active));
        let expected = params.expected_purchases(weeks, h);
        // Whoever buys at all does so once at least.
        prop_assert!(expected.is_finite() && expected >= active * (1.0 - 1e-9));
        prop_assert!(params.expected_purchases(weeks, h * 1.5) >= expected);
        prop_assert!(params.log_likelihood(weeks).is_finite());
    }

    #[test]
    fn the_longer_the_hiatus_the_less_alive(params in params(), of in rhythms(), wait in 0_u32..2_000) {
        let at = |wait: u32| {
            Weeks::from(of.summary(of.last().checked_add(i64::from(wait).days()).unwrap()))
        };
        let (sooner, later) = (params.p_alive(at(wait)), params.p_alive(at(wait + 7)));
        prop_assert!(later <= sooner);
        if of.days() > 1 {
            prop_assert!(params.left_log_odds(at(wait + 7)) > params.left_log_odds(at(wait)));
        }
    }

    #[test]
    fn the_crossing_day_is_the_first(scorer in scorers(), of in rhythms()) {
        let first = (1..2_000_u32)
            .map(|wait| of.last().checked_add(i64::from(wait).days()).unwrap())
            .find(|day| scorer.is_drifting(of, *day));
        let crossing = scorer.crossing_day(of);
        match first {
            Some(first) => prop_assert_eq!(crossing, Some(first)),
            None => {
                let far = of.last().checked_add(1_999.days()).unwrap();
                prop_assert!(crossing.is_none_or(|day| day > far), "{:?}", crossing);
            }
        }
        if let Judge::Ratio = scorer.judge() {
            let (gap, ratio) = scorer.ratio_figures();
            let tx = f64::from(of.summary(of.last()).recency_days);
            let limit = ratio * (2.0 * gap + tx) / (1.0 + f64::from(of.days()));
            prop_assert!(crossing.is_some() == (limit < 36_525.0));
        }
    }

    #[test]
    fn a_life_is_worth_something(scorer in scorers(), of in rhythms(), spent in 0.0..1e6_f64, wait in 0_u32..900) {
        let today = of.last().checked_add(i64::from(wait).days()).unwrap();
        let worth = |total| scorer.lifetime_value(of, today, Spent { days: of.days(), total });
        let value = worth(spent);
        prop_assert!(value.is_finite() && value >= 0.0);
        prop_assert!(worth(spent + 1.0) >= value);
    }

    /// Whatever the histories, a fit is usable or says why not.
    #[test]
    fn a_fit_ends(kind in kinds(), seeds in prop::collection::vec((0_u32..6, 1_u32..400, 0_u32..400), 1..60)) {
        let mut all = Vec::new();
        for (repeats, recency, wait) in seeds {
            let recency_days = if repeats == 0 { 0 } else { recency.max(repeats) };
            all.push(Summary { repeats, recency_days, age_days: recency_days + wait });
        }
        let fit = fit(kind, &Histories::of(&all), 1);
        match (&fit.estimate, &fit.refused) {
            (Some(estimate), _) => {
                prop_assert!(estimate.params.is_valid() && estimate.log_likelihood.is_finite());
            }
            (None, refused) => prop_assert!(refused.is_some()),
        }
    }
}

/// In small shops the likelihood has several peaks; the fit is on the highest.
#[test]
fn no_start_leads_higher() {
    let mut draw = Draw(3);
    for shop in 0..60 {
        let kind = if shop % 2 == 0 { Kind::MbgNbd } else { Kind::BgNbd };
        let all: Vec<Summary> = (0..150 + shop * 40).map(|_| customer(&mut draw)).collect();
        let histories = Histories::of(&all);
        let found = fit(kind, &histories, 1).estimate.unwrap().log_likelihood;
        for _ in 0..6 {
            let mut any = || ((draw.uniform() * 2.0 - 1.0) * 20_f64.ln()).exp();
            let start = Params { kind, r: any(), alpha: 10.0 * any(), a: any(), b: any() };
            let other = fit_from(start, &histories, 1).estimate.unwrap().log_likelihood;
            assert!(other < found + 1e-6, "shop {shop}, from {start:?}: {other} and not {found}");
        }
    }
}

/// A large shop of known parameters, on a week's grid.
#[test]
fn a_known_shop_is_found_again() {
    let mut draw = Draw(4);
    let all: Vec<Summary> = (0..120_000).map(|_| customer(&mut draw)).collect();
    let histories = Histories::of(&all);
    assert!(histories.is_on_week_grid());
    let params = fit(Kind::MbgNbd, &histories, 500).params().unwrap();
    for (found, expected) in
        [(params.r, 1.0), (params.alpha, 10.0), (params.a, 1.0), (params.b, 3.0)]
    {
        assert!((found / expected - 1.0_f64).abs() < 0.1, "{params:?}");
    }
}

#[test]
fn what_cannot_be_fitted_is_refused_with_the_reason() {
    let policy = Drift::default();
    let bought = |date: Date| PurchaseDay { date, spent: Some(10.0) };
    let none = Sample::new(START).fit(Kind::MbgNbd, 500);
    assert_eq!(none.refused, Some(Refusal::TooFewCustomers { customers: 0, needed: 500 }));
    let mut once = Sample::new(day(300));
    (0..600).for_each(|i| once.add(&[bought(day(i % 200))]));
    let once = once.fit(Kind::MbgNbd, 500);
    assert_eq!((once.refused.clone(), once.estimate), (Some(Refusal::NoRepeats), None));
    // Like clockwork, for ever: nobody leaves.
    let mut clockwork = Sample::new(day(300));
    (0..600_u32).for_each(|i| {
        let days: Vec<PurchaseDay> = (i % 50..=300).step_by(20).map(|at| bought(day(at))).collect();
        clockwork.add(&days);
    });
    let clockwork = clockwork.fit(Kind::MbgNbd, 500);
    assert!(matches!(clockwork.refused, Some(Refusal::NobodyLeaves { .. })), "{clockwork:?}");
    for model in [none, once, clockwork] {
        let json = serde_json::to_string(&model).unwrap();
        // Numbers come back to the last bit but one.
        let again = Model::read(&json).unwrap();
        assert_eq!((again.until, again.customers), (model.until, model.customers), "{json}");
        assert_eq!(again.refused.is_some(), model.refused.is_some());
        assert_eq!(Scorer::new(Some(&model), &policy).judge(), Judge::Ratio);
    }
    let bad = r#"{"kind":"mbg-nbd","until":"2026-01-01","customers":1,"unique_histories":1,"estimate":{"model":"mbg-nbd","r":-1,"alpha":1,"a":1,"b":1,"log_likelihood":0,"evaluations":1},"refused":null,"rhythm":{"completed_gaps":0,"mean_gap_days":0,"overdue_ratio":0},"spending":{"mean":0,"model":null}}"#;
    assert_eq!(
        Model::read(bad).unwrap_err().to_string(),
        "no drift model: estimate is out of range"
    );
}
