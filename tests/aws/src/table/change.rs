//! What an update changes in an item.

use super::*;

pub(super) fn tells_old(told: Option<&str>) -> Result<bool, Unknown> {
    match told {
        None | Some("NONE") => Ok(false),
        Some("ALL_OLD") => Ok(true),
        Some(other) => Err(Unknown(format!("to return {other} on a failed condition"))),
    }
}

/// An item's text after changes; one that was not there has its keys.
pub(super) fn changed(
    before: &Attributes,
    key: &Key,
    changes: &[Change],
) -> Result<Box<str>, Refused> {
    let is_changed = |name: &str| changes.iter().any(|change| change.name() == name);
    if is_changed("pk") || is_changed("sk") {
        return Err(Unknown("a change of a key".into()).into());
    }
    let mut after = String::new();
    let mut add = |name: &str, value: &str| -> Result<(), Refused> {
        after.push(if after.is_empty() { '{' } else { ',' });
        after += &serde_json::to_string(name)?;
        after.push(':');
        after += value;
        Ok(())
    };
    if before.get("pk").is_none() {
        add("pk", &serde_json::to_string(&key.pk)?)?;
        add("sk", &serde_json::to_string(&key.sk)?)?;
    }
    for (name, raw) in before.iter().filter(|(name, _)| !is_changed(name)) {
        add(name, raw.get())?;
    }
    for change in changes {
        if let Change::Set(name, value) = change {
            add(name, &serde_json::to_string(value)?)?;
        }
    }
    after.push('}');
    Ok(after.into())
}

/// The attributes that an update named, as they are now.
pub(super) fn updated(text: &str, changes: &[Change]) -> Result<String, Refused> {
    let item = attributes(text)?;
    let named = changes.iter().filter_map(|change| match change {
        Change::Set(name, _) => Some((name.as_str(), item.get(name.as_str())?)),
        Change::Remove(_) => None,
    });
    let named: BTreeMap<_, _> = named.collect();
    Ok(format!(r#"{{"Attributes":{}}}"#, serde_json::to_string(&named)?))
}
