//! Conditions in rules: CEL, checked when it is read, quick when it is run.

mod check;
mod json;
mod plain;
mod types;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cel::{Context, ExecutionError, Program, Value};

use crate::event::EventKind;
use crate::instant::Instant;
use check::Checker;
pub use check::Fault;
pub use json::{event_field, event_value};
use plain::Plain;

/// A condition that compiled and passed the check.
#[derive(Clone)]
pub struct Condition {
    source: String,
    program: Arc<Program>,
    /// The same, where it is of CEL's plain part.
    plain: Option<Arc<Plain>>,
    /// The fields of `customer` that the condition names.
    customer_fields: Vec<String>,
    /// The fields of `event` that it names; `None` where it may ask for any.
    event_fields: EventFields,
    uses_now: bool,
}

impl std::fmt::Debug for Condition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.source)
    }
}

/// Which fields of `event` a condition names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventFields {
    None,
    Named(Vec<String>),
    All,
}

impl EventFields {
    pub fn include(&self, field: &str) -> bool {
        match self {
            EventFields::None => false,
            EventFields::Named(names) => names.iter().any(|name| name == field),
            EventFields::All => true,
        }
    }
}

/// What a condition came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Fails,
    /// It fails because a value that it needs is not known of this customer.
    MissingValue,
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A value that is needed is not known.
    Missing,
    /// Only CEL can tell.
    InDoubt,
}

/// Where a condition takes its values from.
pub trait Values {
    /// A field of `customer`, `None` where it is not known.
    fn customer(&self, field: &str) -> Option<Value>;
    /// The named fields of the trigger's detail.
    fn event(&self, fields: &EventFields) -> Value;
    /// A value deep in the trigger's detail, `None` where only the last name is
    /// unknown.
    ///
    /// # Errors
    /// [`Stop`] where it is not even known what would have it.
    fn event_field(&self, path: &[String]) -> Result<Option<Value>, Stop>;
    fn now(&self) -> Instant;
}

thread_local! {
    /// The standard functions: building them costs forty times what a
    /// condition costs, so a thread does it once.
    static STANDARD: Context<'static, 'static> = Context::default();
}

impl Condition {
    /// Compiles and checks a condition of a rule that `trigger` starts.
    ///
    /// # Errors
    /// Every [`Fault`] found, with its place in the source.
    pub fn compile(source: &str, trigger: Option<EventKind>) -> Result<Condition, Vec<Fault>> {
        let program = compile(source)?;
        let used = Checker::run(&program, source, trigger)?;
        Ok(Condition {
            source: source.to_owned(),
            plain: Plain::of(program.expression()).map(Arc::new),
            program: Arc::new(program),
            customer_fields: used.customer_fields,
            event_fields: used.event,
            uses_now: used.now,
        })
    }

    /// Whether it names a field of `customer`.
    pub fn names(&self, field: &str) -> bool {
        self.customer_fields.iter().any(|named| named == field)
    }

    pub fn source(&self) -> &str {
        &self.source
    }

    /// Runs the condition.
    pub fn verdict(&self, values: &impl Values) -> Verdict {
        match self.plain.as_ref().map(|plain| plain.holds(values)) {
            Some(Ok(true)) => Verdict::Holds,
            Some(Ok(false)) => Verdict::Fails,
            Some(Err(Stop::Missing)) => Verdict::MissingValue,
            Some(Err(Stop::InDoubt)) | None => self.verdict_of_cel(values),
        }
    }

    /// Runs the condition by CEL itself, whatever it is: slower, and the same.
    pub fn verdict_of_cel(&self, values: &impl Values) -> Verdict {
        let result = STANDARD.with(|standard| {
            let mut scope = standard.new_inner_scope();
            if !self.customer_fields.is_empty() {
                let fields: HashMap<String, Value> = self
                    .customer_fields
                    .iter()
                    .filter_map(|name| Some((name.clone(), values.customer(name)?)))
                    .collect();
                scope.add_variable_from_value("customer", fields);
            }
            if self.event_fields != EventFields::None {
                scope.add_variable_from_value("event", values.event(&self.event_fields));
            }
            if self.uses_now {
                scope.add_variable_from_value("now", timestamp(values.now()));
            }
            self.program.execute(&scope)
        });
        match result {
            Ok(Value::Bool(true)) => Verdict::Holds,
            Err(ExecutionError::NoSuchKey(_) | ExecutionError::IndexOutOfBounds(_)) => {
                Verdict::MissingValue
            }
            Ok(_) | Err(_) => Verdict::Fails,
        }
    }
}

/// The longest condition taken, in bytes.
const SOURCE_BYTES_MAX: usize = 4_096;

/// How deep brackets and signs may be nested: the parser recurses.
const NESTING_MAX: usize = 24;

/// How many fields and operators a condition may have: their tree may lean to
/// one side, and whoever walks it recurses as well.
const OPERATORS_MAX: usize = 200;

/// The parser fills tables that all threads share, and loses its way for good
/// where two do so at once.
static PARSER: Mutex<()> = Mutex::new(());

fn compile(source: &str) -> Result<Program, Vec<Fault>> {
    if source.len() > SOURCE_BYTES_MAX {
        let message = format!("has {} bytes, at most {SOURCE_BYTES_MAX} are taken", source.len());
        return Err(vec![Fault { offset: 0, message }]);
    }
    bound(source).map_err(|fault| vec![fault])?;
    let parsed = {
        let _alone = PARSER.lock().unwrap_or_else(PoisonError::into_inner);
        Program::compile(source)
    };
    parsed.map_err(|errors| {
        let faults = errors.errors.iter().map(|error| Fault {
            offset: offset(source, error.pos.0, error.pos.1 - 1),
            message: error.msg.lines().next().unwrap_or("cannot be read").to_owned(),
        });
        faults.collect()
    })
}

/// Which byte of a text a line (from 1) and a character of it (from 0) are at.
fn offset(source: &str, line: isize, column: isize) -> usize {
    let mut lines = source.split_inclusive('\n');
    let before = lines.by_ref().take((line - 1).max(0) as usize).map(str::len).sum::<usize>();
    let line = lines.next().unwrap_or_default();
    let within = line.char_indices().nth(column.max(0) as usize).map(|(byte, _)| byte);
    before + within.unwrap_or(line.len())
}

/// Refuses what is too deep to be walked.
fn bound(source: &str) -> Result<(), Fault> {
    let (mut brackets, mut signs, mut operators) = (0usize, 0usize, 0usize);
    for (offset, byte) in source.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => brackets += 1,
            b')' | b']' | b'}' => brackets = brackets.saturating_sub(1),
            b'.' | b'?' | b'&' | b'|' | b'+' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' => {
                operators += 1;
            }
            _ => {}
        }
        match byte {
            b'!' | b'-' => signs += 1,
            b' ' => {}
            _ => signs = 0,
        }
        if brackets + signs > NESTING_MAX {
            let message = format!("is nested deeper than {NESTING_MAX} levels; split the rule");
            return Err(Fault { offset, message });
        }
        if operators > OPERATORS_MAX {
            let message =
                format!("has more than {OPERATORS_MAX} fields and operators; split the rule");
            return Err(Fault { offset, message });
        }
    }
    Ok(())
}

/// An instant as CEL's timestamp.
pub fn timestamp(at: Instant) -> Value {
    let utc = chrono::DateTime::from_timestamp_millis(at.millis()).unwrap_or_default();
    Value::Timestamp(utc.fixed_offset())
}

#[cfg(test)]
mod tests;
