//! A detail's values in the form in which they are kept.

use serde_json::Value;

use super::body::NAME_CHARS_MAX;
use super::clean::{LeftOut, Path, Step, behind, resolve};
use super::{Line, text};

/// Brings texts and numbers into the form in which they are kept, by the types
/// that the schema names, and lists and maps to the length that they may have.
pub(super) fn mend(
    root: &Value,
    schema: &Value,
    value: &mut Value,
    path: &mut Path,
    left_out: &mut Vec<LeftOut>,
) {
    let schema = resolve(root, schema);
    match value {
        Value::String(text) => {
            // An attribute's text is one of several types.
            let options = schema["anyOf"].as_array().into_iter().flatten();
            let mut titles = std::iter::once(schema).chain(options).map(|one| &one["title"]);
            let mended = titles.find_map(|title| text::mended(title.as_str()?, text));
            if let Some(mended) = mended {
                *text = mended;
            }
        }
        Value::Number(number) => {
            let is_integer = match &schema["type"] {
                Value::Array(types) => types.contains(&"integer".into()),
                one => one == "integer",
            };
            let whole = number.as_f64().filter(|float| number.is_f64() && float.fract() == 0.0);
            if let Some(whole) = whole.filter(|whole| is_integer && whole.abs() < 1e15) {
                *number = (whole as i64).into();
            }
        }
        Value::Array(list) => {
            let most = schema["maxItems"].as_u64().map_or(usize::MAX, |most| most as usize);
            if list.len() > most {
                let why = format!("has {} entries, the first {most} are taken", list.len());
                left_out.push(LeftOut { path: path.to_string(), why });
                list.truncate(most);
            }
            for (index, one) in list.iter_mut().enumerate() {
                path.push(Step::Element(index));
                mend(root, &schema["items"], one, path, left_out);
                path.pop();
            }
        }
        Value::Object(object) => {
            if schema.get("additionalProperties").is_some() {
                shorten(schema, object, path, left_out);
            }
            for (name, one) in object.iter_mut() {
                let step = Step::Field(name.clone());
                let field = behind(root, schema, &step);
                path.push(step);
                mend(root, field, one, path, left_out);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Leaves out of a map what has no name that can be kept, and what is too many.
fn shorten(
    schema: &Value,
    object: &mut serde_json::Map<String, Value>,
    path: &Path,
    left_out: &mut Vec<LeftOut>,
) {
    object.retain(|name, _| {
        let why = match Line::new(name.as_str()) {
            Err(why) => why.to_string(),
            Ok(_) if name.chars().count() > NAME_CHARS_MAX => {
                format!("has more than {NAME_CHARS_MAX} characters")
            }
            Ok(_) => return true,
        };
        left_out.push(LeftOut { path: path.to_string(), why: format!("a name in it {why}") });
        false
    });
    let most = schema["maxProperties"].as_u64().map_or(usize::MAX, |most| most as usize);
    if object.len() > most {
        let why = format!("has {} entries, the first {most} by name are taken", object.len());
        left_out.push(LeftOut { path: path.to_string(), why });
        let beyond: Vec<String> = object.keys().skip(most).cloned().collect();
        beyond.iter().for_each(|name| drop(object.remove(name)));
    }
}
