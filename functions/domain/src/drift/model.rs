//! A fitted model as it is stored, with all that scoring takes.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::fit::{Estimate, Fit, Refusal, fit};
use super::params::{Kind, Params};
use super::rhythm::{Gaps, Rhythm, ShopRhythm};
use super::spending::{Spending, Spent};
use super::summary::{Histories, Summary};

/// One purchase day: a local date and what was spent on it, net of refunds, where
/// that is known in the shop's currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PurchaseDay {
    /// The local date; all purchases of that day count as one day.
    pub date: Date,
    /// `None` where it is not known in the shop's currency.
    pub spent: Option<f64>,
}

/// The customers that a model is fitted to, as of a date. Add them one by one:
/// of each a few numbers are kept.
pub struct Sample {
    until: Date,
    summaries: Vec<Summary>,
    spendings: Vec<Spent>,
    gaps: Gaps,
}

impl Sample {
    /// A sample in which time ends with `until`.
    pub fn new(until: Date) -> Sample {
        let (summaries, spendings) = (Vec::new(), Vec::new());
        Sample { until, summaries, spendings, gaps: Gaps::default() }
    }

    /// Adds a customer, whose days are in order and each given once. Days after
    /// the sample's end are left out, and so is a customer without any before.
    pub fn add(&mut self, days: &[PurchaseDay]) {
        let known = &days[..days.partition_point(|day| day.date <= self.until)];
        let Some(rhythm) = Rhythm::of(known.iter().map(|day| day.date)) else { return };
        self.summaries.push(rhythm.summary(self.until));
        self.gaps.add(known.iter().map(|day| day.date));
        self.spendings.push(Spent::of(known));
    }

    /// How many customers it holds: those who had bought by its end.
    pub fn customers(&self) -> usize {
        self.summaries.len()
    }

    /// The shop's own figures for the ratio alone.
    pub fn rhythm(&self) -> ShopRhythm {
        self.gaps.figures()
    }

    /// Fits everything; what cannot be fitted is refused with the reason.
    pub fn fit(&self, kind: Kind, min_customers: usize) -> Model {
        let histories = Histories::of(&self.summaries);
        let Fit { estimate, refused } = fit(kind, &histories, min_customers);
        Model {
            kind,
            until: self.until,
            customers: histories.customers(),
            unique_histories: histories.unique(),
            estimate,
            refused,
            rhythm: self.gaps.figures(),
            spending: Spending::fit(&self.spendings),
        }
    }
}

/// What was learnt of a shop: plain numbers, to be stored and read again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// Which model was fitted, or was to be.
    pub kind: Kind,
    /// The last day that was known.
    pub until: Date,
    /// How many customers there were to fit to.
    pub customers: usize,
    /// Different histories among those customers, on a week's grid where there
    /// are very many.
    pub unique_histories: usize,
    /// What was found, even where it is refused.
    pub estimate: Option<Estimate>,
    /// Why the estimate may not be used; the ratio judges instead.
    pub refused: Option<Refusal>,
    /// The shop's own figures for the overdue ratio.
    pub rhythm: ShopRhythm,
    /// What people spend on a purchase day.
    pub spending: Spending,
}

/// A model as `lazo drift fit --json` prints it. Documented (rules#drift) are the fields up to
/// `refused`; a text may have these alone.
#[derive(Deserialize, Serialize)]
pub struct PrintedModel {
    /// Which model was fitted, or was to be.
    pub model: Kind,
    /// The shape of the rates of purchase; `None` without an estimate.
    pub r: Option<f64>,
    /// The rate parameter of their distribution, in weeks; `None` without an estimate.
    pub alpha: Option<f64>,
    /// The first parameter of the chance to leave; `None` without an estimate.
    pub a: Option<f64>,
    /// The second parameter of that chance; `None` without an estimate.
    pub b: Option<f64>,
    /// Of all histories together; `None` without an estimate.
    pub log_likelihood: Option<f64>,
    /// How many customers there were to fit to.
    pub customers: usize,
    /// Different histories among those customers, as in [`Model`].
    pub unique_histories: usize,
    /// Why the estimate may not be used, as a sentence; `None` where it may.
    pub refused: Option<String>,
    /// The last day that was known; `None` in a text of the documented fields alone.
    pub until: Option<Date>,
    /// The figures for the overdue ratio; all zero where the text does not have them.
    #[serde(default)]
    pub rhythm: ShopRhythm,
    /// What people spend on a purchase day; zero where the text does not have it.
    #[serde(default)]
    pub spending: Spending,
}

impl From<&Model> for PrintedModel {
    fn from(model: &Model) -> PrintedModel {
        let params = model.estimate.map(|estimate| estimate.params);
        PrintedModel {
            model: model.kind,
            r: params.map(|params| params.r),
            alpha: params.map(|params| params.alpha),
            a: params.map(|params| params.a),
            b: params.map(|params| params.b),
            log_likelihood: model.estimate.map(|estimate| estimate.log_likelihood),
            customers: model.customers,
            unique_histories: model.unique_histories,
            refused: model.refused.as_ref().map(ToString::to_string),
            until: Some(model.until),
            rhythm: model.rhythm,
            spending: model.spending,
        }
    }
}

impl From<PrintedModel> for Model {
    fn from(printed: PrintedModel) -> Model {
        let kind = printed.model;
        let params = match (printed.r, printed.alpha, printed.a, printed.b) {
            (Some(r), Some(alpha), Some(a), Some(b)) => Some(Params { kind, r, alpha, a, b }),
            _ => None,
        };
        let log_likelihood = printed.log_likelihood.unwrap_or_default();
        Model {
            kind,
            until: printed.until.unwrap_or_default(),
            customers: printed.customers,
            unique_histories: printed.unique_histories,
            estimate: params.map(|params| Estimate { params, log_likelihood, evaluations: 0 }),
            refused: printed.refused.map(|why| Refusal::Told { why }),
            rhythm: printed.rhythm,
            spending: printed.spending,
        }
    }
}

/// A text that holds no model.
#[derive(Debug, thiserror::Error)]
pub enum BadModel {
    /// The text is no JSON, or its fields are not those of a model.
    #[error("no drift model: {0}")]
    NoJson(#[from] serde_json::Error),
    /// The text is JSON, but has neither `kind` nor `model`.
    #[error(
        "no drift model: it has neither `kind`, as what `lazo drift fit --out` writes, nor `model`, as what `lazo drift fit --json` prints"
    )]
    Other,
    /// A part has numbers that no fit gives. It holds the part's name.
    #[error("no drift model: {0} is out of range")]
    OutOfRange(&'static str),
}

impl Model {
    /// The parameters, where they may be used.
    pub fn params(&self) -> Option<Params> {
        let usable = self.estimate.filter(|_| self.refused.is_none());
        usable.map(|estimate| estimate.params)
    }

    /// Reads a model back from JSON, be it stored or printed ([`PrintedModel`]).
    ///
    /// # Errors
    /// What is no JSON of a model, or has parameters that no fit gives.
    pub fn read(json: &str) -> Result<Model, BadModel> {
        let fields: serde_json::Value = serde_json::from_str(json)?;
        let model: Model = match (fields.get("kind"), fields.get("model")) {
            (Some(_), _) => serde_json::from_str(json)?,
            (None, Some(_)) => serde_json::from_str::<PrintedModel>(json)?.into(),
            (None, None) => return Err(BadModel::Other),
        };
        model.check()?;
        Ok(model)
    }

    /// Whether it has parameters alone: nothing of the shop's rhythm and spending.
    pub fn is_bare(&self) -> bool {
        self.rhythm == ShopRhythm::default() && self.spending == Spending::default()
    }

    /// The same with the rhythm and the spending of a sample.
    pub fn with_figures_of(self, sample: &Sample) -> Model {
        let spending = Spending::fit(&sample.spendings);
        Model { rhythm: sample.gaps.figures(), spending, ..self }
    }

    /// Whether the numbers of a model from elsewhere can be reckoned with.
    ///
    /// # Errors
    /// The first that cannot.
    pub fn check(&self) -> Result<(), BadModel> {
        if self.estimate.is_some_and(|e| !e.params.is_valid() || e.params.kind != self.kind) {
            return Err(BadModel::OutOfRange("estimate"));
        }
        if self.estimate.is_none() && self.refused.is_none() {
            return Err(BadModel::OutOfRange("refused"));
        }
        if self.rhythm.completed_gaps > 0
            && !(self.rhythm.mean_gap_days > 0.0 && self.rhythm.overdue_ratio >= 0.0)
        {
            return Err(BadModel::OutOfRange("rhythm"));
        }
        if !self.spending.is_valid() {
            return Err(BadModel::OutOfRange("spending"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn sample() -> Sample {
        let mut sample = Sample::new(date(2026, 3, 1));
        let day = |date| PurchaseDay { date, spent: Some(10.0) };
        sample.add(&[day(date(2026, 1, 1)), day(date(2026, 1, 11)), day(date(2026, 1, 31))]);
        sample.add(&[day(date(2026, 2, 1)), day(date(2026, 3, 2))]);
        sample.add(&[day(date(2026, 3, 2))]);
        sample
    }

    #[test]
    fn a_sample_counts_who_had_bought_by_its_end() {
        let sample = sample();
        assert_eq!(sample.customers(), 2);
        let rhythm = sample.rhythm();
        assert_eq!((rhythm.completed_gaps, rhythm.mean_gap_days), (2, 15.0));
        let model = sample.fit(Kind::BgNbd, 3);
        let needed = Refusal::TooFewCustomers { customers: 2, needed: 3 };
        assert_eq!((model.refused.clone(), model.params()), (Some(needed), None));
        let stored = Model::read(&serde_json::to_string(&model).unwrap()).unwrap();
        assert_eq!((stored.refused, stored.customers), (model.refused.clone(), 2));
        // Whatever was found and refused is shown, and not used.
        let params = Params { kind: Kind::BgNbd, r: 1.0, alpha: 1.0, a: 1.0, b: 1.0 };
        let estimate = Some(Estimate { params, log_likelihood: -1.0, evaluations: 1 });
        assert_eq!(Model { estimate, ..model.clone() }.params(), None);
        assert_eq!(Model { estimate, refused: None, ..model }.params(), Some(params));
    }

    #[test]
    fn what_is_printed_is_read_as_what_is_stored() {
        let mut model = sample().fit(Kind::BgNbd, 3);
        for refused in [model.refused.clone(), None] {
            let params = Params { kind: Kind::BgNbd, r: 1.0, alpha: 2.0, a: 3.0, b: 4.0 };
            let estimate = Some(Estimate { params, log_likelihood: -1.0, evaluations: 0 });
            model = Model { estimate, refused, ..model };
            let printed = serde_json::to_value(PrintedModel::from(&model)).unwrap();
            let read = Model::read(&printed.to_string()).unwrap();
            let told = model.refused.as_ref().map(|why| Refusal::Told { why: why.to_string() });
            assert_eq!(read, Model { refused: told, ..model.clone() });
            // The documented fields alone.
            let mut bare = printed;
            for more in ["until", "rhythm", "spending"] {
                bare.as_object_mut().unwrap().remove(more);
            }
            let read = Model::read(&bare.to_string()).unwrap();
            assert!(read.is_bare() && read.params() == model.params());
            let read = read.with_figures_of(&sample());
            assert_eq!((read.rhythm, read.spending), (model.rhythm, model.spending));
        }
        for (bad, why) in [
            ("{}", "neither `kind`"),
            ("[1]", "neither `kind`"),
            ("{\"model\":\"nbd\"}", "nbd"),
            ("{\"model\":\"bg-nbd\"}", "missing field"),
            ("{\"kind\":\"bg-nbd\"}", "missing field"),
            ("", "EOF"),
        ] {
            let error = Model::read(bad).unwrap_err().to_string();
            assert!(error.starts_with("no drift model") && error.contains(why), "{bad}: {error}");
        }
        let nothing = r#"{"model":"bg-nbd","r":null,"alpha":null,"a":null,"b":null,
            "log_likelihood":null,"customers":1,"unique_histories":1,"refused":null}"#;
        assert!(Model::read(nothing).is_err());
    }

    #[test]
    fn numbers_that_no_fit_gives_are_refused() {
        let good = sample().fit(Kind::BgNbd, 3);
        let refused = |model: &Model| model.check().unwrap_err().to_string();
        let out = |what: &str| format!("no drift model: {what} is out of range");
        let params = Params { kind: Kind::BgNbd, r: 1.0, alpha: 1.0, a: 1.0, b: 1.0 };
        let with = |params| {
            let estimate = Some(Estimate { params, log_likelihood: -1.0, evaluations: 1 });
            Model { estimate, ..good.clone() }
        };
        with(params).check().unwrap();
        for bad in [
            Params { kind: Kind::MbgNbd, ..params },
            Params { r: 0.0, ..params },
            Params { b: -1.0, ..params },
            Params { alpha: f64::INFINITY, ..params },
            Params { a: f64::NAN, ..params },
        ] {
            assert_eq!(refused(&with(bad)), out("estimate"));
        }
        assert_eq!(refused(&Model { refused: None, ..good.clone() }), out("refused"));
        let rhythm = |completed_gaps, mean_gap_days, overdue_ratio| {
            let rhythm = ShopRhythm { completed_gaps, mean_gap_days, overdue_ratio };
            Model { rhythm, ..good.clone() }
        };
        for (mean, ratio) in
            [(0.0, 1.0), (-1.0, 1.0), (f64::NAN, 1.0), (1.0, -1.0), (1.0, f64::NAN)]
        {
            assert_eq!(refused(&rhythm(1, mean, ratio)), out("rhythm"), "{mean} {ratio}");
            rhythm(0, mean, ratio).check().unwrap();
        }
        rhythm(1, 1.0, 0.0).check().unwrap();
    }
}
