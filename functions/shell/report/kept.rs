//! The report as it is kept for pages: reckoned now and then, read as one item.

use std::collections::BTreeMap;

use lazo_domain::event::DissolutionReason;
use lazo_domain::instant::Instant;
use lazo_domain::journey::{Told as Experience, stops};
use lazo_domain::touch::Reason;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::base::{self, BaseFigures};
use super::{enrolled, json, measure, usual};
use crate::shell::app::App;
use crate::shell::store::{Moment, Month, StoreError};

/// How many months back complaints, reasons to leave and experiences are counted.
const MONTHS: u16 = 12;

/// What was reckoned.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    /// When.
    pub at: Instant,
    /// Enrolments from then on were counted.
    pub from: Instant,
    /// Each rule, by its name; `*` is all of them together.
    pub rules: Vec<RuleFigures>,
    /// The touchpoints, by phase, the worst first.
    pub journey: Vec<StopFigures>,
    /// What was opened, resolved and behind it, the latest month first.
    pub complaints: Vec<ComplaintFigures>,
    /// Why customers left, with how many.
    pub leaving: Vec<(DissolutionReason, u64)>,
    /// Who the customers are; absent in what an older program reckoned.
    #[serde(default)]
    pub base: Option<BaseFigures>,
}

/// What is told of one rule.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RuleFigures {
    /// Its name.
    pub rule: String,
    /// Customers who passed its filter, in both arms.
    pub enrolled: u64,
    /// Those of them held out.
    pub held_out: u64,
    /// Customers to whom something was sent.
    pub reached: u64,
    /// Touches that were sent.
    pub sent: u64,
    /// Touches still to come.
    pub pending: u64,
    /// Touches that ended unsent, by reason.
    pub not_sent: BTreeMap<Reason, u64>,
    /// Mails that the other side took, came back, were called spam.
    pub delivered: Option<u64>,
    /// Mails that came back.
    pub bounced: Option<u64>,
    /// Mails called spam.
    pub complained: Option<u64>,
    /// What it brought.
    pub goal: GoalFigures,
    /// Week by week.
    pub trend: Vec<WeekFigures>,
    /// The same in words.
    pub sentence: Sentence,
}

/// What a rule brought.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GoalFigures {
    /// The goal's event; `None` where the rule has no goal.
    pub event: Option<String>,
    /// The time for it.
    pub within: Option<String>,
    /// The share that is held out.
    pub holdout: f64,
    /// Those whom the rule was for.
    pub treated: ArmFigures,
    /// Those held out.
    pub held_out: ArmFigures,
    /// The difference of the rates.
    pub difference: Option<f64>,
    /// Its interval's lower limit.
    pub low: Option<f64>,
    /// Its interval's upper limit.
    pub high: Option<f64>,
    /// How sure the interval is.
    pub level: Option<f64>,
    /// How probable arms are that are as far off what was drawn.
    pub sample_ratio_p: Option<f64>,
    /// `none`, `effect`, `no_effect_seen`, `withheld` or `too_early`.
    pub verdict: String,
    /// The verdict's day.
    pub verdict_on: Option<String>,
    /// How many customers it takes.
    pub customers_needed: Option<u64>,
    /// Revenue per customer against those held out.
    pub revenue_ratio: Option<f64>,
    /// Its interval's lower limit.
    pub revenue_low: Option<f64>,
    /// Its interval's upper limit.
    pub revenue_high: Option<f64>,
}

/// The customers of an arm.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ArmFigures {
    /// Each once.
    pub customers: u64,
    /// Those who reached the goal.
    pub converted: Option<u64>,
    /// What they bought.
    pub revenue: Option<f64>,
}

/// A week's customers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WeekFigures {
    /// Its Monday.
    pub week: String,
    /// Those whom the rule was for.
    pub treated: ArmFigures,
    /// Those held out.
    pub held_out: ArmFigures,
}

/// A sentence in both languages.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Sentence {
    /// Spanish.
    pub es: String,
    /// English.
    pub en: String,
}

/// A touchpoint.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StopFigures {
    /// `prepurchase`, `purchase` or `postpurchase`.
    pub phase: String,
    /// Its name.
    pub touchpoint: String,
    /// How many said how it was.
    pub answers: u64,
    /// How many were happy.
    pub happy: u64,
    /// How many were unhappy.
    pub unhappy: u64,
    /// Their share.
    pub unhappy_share: ShareFigures,
    /// Their share by what they were worth.
    pub unhappy_by_value: Option<ShareFigures>,
    /// What they were worth together.
    pub worth_unhappy: f64,
}

/// A share with its interval of 95 %.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ShareFigures {
    /// The share.
    pub share: f64,
    /// The lower limit.
    pub low: f64,
    /// The upper limit.
    pub high: f64,
}

/// What became of complaints of a category in a month.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ComplaintFigures {
    /// Such as `2026-11`.
    pub month: String,
    /// The category; empty where none was told.
    pub category: String,
    /// How many were opened.
    pub opened: u64,
    /// How many were resolved.
    pub resolved: u64,
    /// What was behind them, with how many.
    pub causes: BTreeMap<String, u64>,
}

impl Kept {
    /// The figures of a rule.
    pub fn rule(&self, name: &str) -> Option<&RuleFigures> {
        self.rules.iter().find(|one| one.rule == name)
    }
}

impl RuleFigures {
    fn of(told: &Value) -> Option<RuleFigures> {
        serde_json::from_value(told.clone()).ok()
    }
}

/// What is kept; `None` where nothing is, or another version of the program kept it.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn read(app: &App) -> Result<Option<Kept>, StoreError> {
    let text = app.store.kept_report().await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

/// Reckons the report of the usual days, and keeps it. It reads all who were enrolled in
/// these days: it is for a worker or for whoever asks, not for a page.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn reckon(app: &App, now: Instant) -> Result<Kept, StoreError> {
    let kept = figures(app, now).await?;
    let text =
        serde_json::to_string(&kept).map_err(|error| StoreError::Unwritable(error.to_string()))?;
    app.store.keep_report(&text, now).await?;
    Ok(kept)
}

/// The same, which keeps nothing.
///
/// # Errors
/// [`StoreError`] where the table does not answer.
pub async fn figures(app: &App, now: Instant) -> Result<Kept, StoreError> {
    let rules = app.rules();
    let book = &rules.book;
    let window = usual(now);
    let ids = enrolled(&app.store, book, window, None).await?;
    let measuring = measure(&app.store, book, window, &ids, |_| {}).await?;
    let reports = measuring.reports(None);
    let told = reports
        .iter()
        .filter_map(|report| serde_json::to_value(json(report, window, &book.default_zone)).ok());
    let told: Vec<RuleFigures> = told.filter_map(|value| RuleFigures::of(&value)).collect();
    Ok(Kept {
        at: now,
        from: window.from,
        rules: told,
        journey: journey(app, now).await?,
        complaints: complaints(app, now).await?,
        leaving: leaving(app, now).await?,
        base: Some(base::figures(app, now).await?),
    })
}

fn months(app: &App, now: Instant) -> impl Iterator<Item = Month> {
    Month::of(now, &app.rules().book.default_zone).back(MONTHS)
}

async fn journey(app: &App, now: Instant) -> Result<Vec<StopFigures>, StoreError> {
    let mut found = Vec::new();
    for month in months(app, now) {
        found.extend(app.store.experiences_of(month).await?);
    }
    let told = stops(found.iter().map(|one| Experience {
        phase: one.phase,
        touchpoint: one.touchpoint.as_str(),
        feeling: one.feeling,
        worth: one.worth,
    }));
    let read = told.iter().filter_map(|stop| serde_json::to_value(stop).ok());
    Ok(read.filter_map(|value| serde_json::from_value(value).ok()).collect())
}

async fn complaints(app: &App, now: Instant) -> Result<Vec<ComplaintFigures>, StoreError> {
    let mut all = Vec::new();
    for month in months(app, now) {
        let mut by_category: BTreeMap<String, ComplaintFigures> = BTreeMap::new();
        for one in app.store.complaints_of(month).await? {
            let category = one.category.as_ref().map_or("", |line| line.as_str());
            let figures = by_category.entry(category.to_owned()).or_default();
            match one.moment {
                Moment::Opened => figures.opened += 1,
                Moment::Resolved => {
                    figures.resolved += 1;
                    figures.opened += u64::from(one.was_never_opened);
                    if let Some(cause) = &one.root_cause {
                        *figures.causes.entry(cause.as_str().to_owned()).or_default() += 1;
                    }
                }
            }
        }
        all.extend(by_category.into_iter().map(|(category, figures)| ComplaintFigures {
            month: month.to_string(),
            category,
            ..figures
        }));
    }
    Ok(all)
}

async fn leaving(app: &App, now: Instant) -> Result<Vec<(DissolutionReason, u64)>, StoreError> {
    let mut counts: Vec<(DissolutionReason, u64)> = Vec::new();
    for month in months(app, now) {
        for one in app.store.dissolutions_of(month).await? {
            match counts.iter_mut().find(|(reason, _)| *reason == one.reason) {
                Some((_, count)) => *count += 1,
                None => counts.push((one.reason, 1)),
            }
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(counts)
}
