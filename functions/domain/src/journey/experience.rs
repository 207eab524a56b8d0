//! What a customer said of one touchpoint.

use serde::{Deserialize, Serialize};

use crate::event::{Body, CallReported, Line, Phase, SurveyAnswered};

/// How somebody felt about what they were through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feeling {
    /// A CSAT or a satisfaction of 1 or 2, or an NPS of 0 to 6.
    Unhappy,
    /// A CSAT or a satisfaction of 3, or an NPS of 7 or 8.
    Neutral,
    /// A CSAT or a satisfaction of 4 or 5, or an NPS of 9 or 10.
    Happy,
}

impl Feeling {
    /// Of a CSAT or a satisfaction, from 1 to 5.
    pub fn of_satisfaction(score: u8) -> Feeling {
        match score {
            0..=2 => Feeling::Unhappy,
            3 => Feeling::Neutral,
            4.. => Feeling::Happy,
        }
    }

    /// Of an NPS, from 0 to 10.
    pub fn of_nps(score: u8) -> Feeling {
        match score {
            0..=6 => Feeling::Unhappy,
            7 | 8 => Feeling::Neutral,
            9.. => Feeling::Happy,
        }
    }

    /// Of each score of a survey's answer.
    pub fn of_scores(answer: &SurveyAnswered) -> impl Iterator<Item = Feeling> {
        let csat = answer.csat.as_ref().map(|score| Feeling::of_satisfaction(score.0));
        let nps = answer.nps.as_ref().map(|score| Feeling::of_nps(score.0));
        csat.into_iter().chain(nps)
    }

    /// Of a survey's answer: one bad score makes a bad experience. `None` where
    /// it gives none.
    fn of_answer(answer: &SurveyAnswered) -> Option<Feeling> {
        match Feeling::of_scores(answer).any(|feeling| feeling == Feeling::Unhappy) {
            true => Some(Feeling::Unhappy),
            false => Feeling::of_scores(answer).max(),
        }
    }
}

/// One experience, as an event tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Experience {
    /// Where on the journey; a survey and a call do not say.
    pub phase: Option<Phase>,
    /// What it was about; for a call the rule that asked for it, or `call` if none did.
    pub touchpoint: Line,
    /// How the customer felt; one bad score of a survey decides.
    pub feeling: Feeling,
}

impl Experience {
    /// What an event tells, where it gives a score.
    pub fn of(body: &Body) -> Option<Experience> {
        match body {
            Body::InteractionRecorded(contact) => Some(Experience {
                phase: Some(contact.phase),
                touchpoint: contact.touchpoint.clone(),
                feeling: Feeling::of_satisfaction(contact.satisfaction.as_ref()?.0),
            }),
            Body::SurveyAnswered(answer) => Some(Experience {
                phase: None,
                touchpoint: answer.touchpoint.clone(),
                feeling: Feeling::of_answer(answer)?,
            }),
            Body::CallReported(call) => Some(Experience {
                phase: None,
                touchpoint: call_touchpoint(call)?,
                feeling: Feeling::of_satisfaction(call.satisfaction.as_ref()?.0),
            }),
            _ => None,
        }
    }
}

/// A call is known by the rule that asked for it, others are calls.
fn call_touchpoint(call: &CallReported) -> Option<Line> {
    let rule = call.touch_id.as_ref().and_then(|touch| touch.as_str().split_once('/'));
    Line::new(rule.map_or("call", |(rule, _)| rule)).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::event::from_wire;

    fn experience(kind: &str, more: Value) -> Option<(Option<Phase>, String, Feeling)> {
        let mut detail = json!({
            "customer_id": "c", "occurred_at": "2026-05-05T10:00:00Z", "interaction_id": "i",
            "call_id": "k", "answer_id": "a",
        });
        detail.as_object_mut()?.extend(more.as_object()?.clone());
        let keys: &[&str] = match kind {
            "InteractionRecorded" => &["call_id", "answer_id"],
            "CallReported" => &["interaction_id", "answer_id"],
            _ => &["interaction_id", "call_id"],
        };
        for key in keys {
            detail.as_object_mut()?.remove(*key);
        }
        let text = json!({ "source": "shop", "detail-type": kind, "detail": detail }).to_string();
        let told = Experience::of(&from_wire(&text).unwrap().event.body)?;
        Some((told.phase, told.touchpoint.as_str().to_owned(), told.feeling))
    }

    #[test]
    fn interactions_tell_their_phase() {
        let visit = |more: Value| {
            let mut fields = json!({
                "phase": "purchase", "touchpoint": "till", "channel": "store",
                "initiated_by": "customer", "kind": "visit",
            });
            fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            experience("InteractionRecorded", fields)
        };
        assert_eq!(visit(json!({})), None);
        for (score, feeling) in [
            (1, Feeling::Unhappy),
            (2, Feeling::Unhappy),
            (3, Feeling::Neutral),
            (4, Feeling::Happy),
            (5, Feeling::Happy),
        ] {
            let told = visit(json!({ "satisfaction": score }));
            assert_eq!(told, Some((Some(Phase::Purchase), "till".into(), feeling)));
        }
    }

    #[test]
    fn one_bad_score_of_a_survey_makes_a_bad_experience() {
        let answer = |more: Value| {
            let mut fields = json!({ "touchpoint": "delivery" });
            fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            experience("SurveyAnswered", fields).map(|(phase, _, feeling)| {
                assert_eq!(phase, None);
                feeling
            })
        };
        assert_eq!(answer(json!({ "comment": "fine" })), None);
        assert_eq!(answer(json!({ "nps": 6 })), Some(Feeling::Unhappy));
        assert_eq!(answer(json!({ "nps": 7 })), Some(Feeling::Neutral));
        assert_eq!(answer(json!({ "nps": 8 })), Some(Feeling::Neutral));
        assert_eq!(answer(json!({ "nps": 9 })), Some(Feeling::Happy));
        assert_eq!(answer(json!({ "csat": 5, "nps": 3 })), Some(Feeling::Unhappy));
        assert_eq!(answer(json!({ "csat": 3, "nps": 10 })), Some(Feeling::Happy));
    }

    #[test]
    fn a_call_is_known_by_the_rule_that_asked_for_it() {
        let of = |touch: Value| {
            let fields = json!({ "outcome": "reached", "satisfaction": 5, "touch_id": touch });
            experience("CallReported", fields).map(|(_, touchpoint, _)| touchpoint)
        };
        assert_eq!(of(json!("thank-you-call/c/p/call.2")).as_deref(), Some("thank-you-call"));
        assert_eq!(of(Value::Null).as_deref(), Some("call"));
    }
}
