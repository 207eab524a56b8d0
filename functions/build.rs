//! Writes the shipped rules down as JSON, which a function reads at its start in a
//! tenth of the time that YAML takes. `shell/rules.rs` embeds both forms.

use std::fs;
use std::path::Path;

const RULES: &str = "infra/rules";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={RULES}");
    // Where one of the files is no YAML none is written down: then the functions read
    // the YAML, and tell what is wrong with its place.
    let compiled = compiled().unwrap_or_default();
    let to = Path::new(&std::env::var("OUT_DIR")?).join("rules.json");
    Ok(fs::write(to, serde_json::Value::Object(compiled).to_string())?)
}

/// Each file's name and its JSON.
fn compiled() -> Result<serde_json::Map<String, serde_json::Value>, Box<dyn std::error::Error>> {
    let mut compiled = serde_json::Map::new();
    for entry in fs::read_dir(RULES)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ending = path.extension().unwrap_or_default().to_ascii_lowercase();
        if ending == "yaml" || ending == "yml" {
            let value: serde_json::Value = serde_saphyr::from_str(&fs::read_to_string(&path)?)?;
            compiled.insert(name, value.to_string().into());
        }
    }
    Ok(compiled)
}
