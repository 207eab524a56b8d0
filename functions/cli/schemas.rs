//! `lazo schemas`: the JSON Schemas of rules, events and sources, written from the types.

use std::path::{Path, PathBuf};

use anyhow::Context;
use lazo_domain::event::{self, EventKind};
use lazo_domain::rulebook::{policy_schema, rule_schema, segments_schema};
use lazo_domain::source::source_schema;

use super::Answer;

/// Write the schemas of infra/rules/ and events/schemas/ from the types.
#[derive(clap::Args)]
pub struct Args {
    /// The checkout to write into.
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub fn run(args: &Args) -> anyhow::Result<Answer> {
    for (name, schema) in
        [("rule", rule_schema()), ("policy", policy_schema()), ("segments", segments_schema())]
    {
        write(&args.folder.join(format!("infra/rules/{name}.schema.json")), schema)?;
    }
    write(&args.folder.join("events/sources/source.schema.json"), source_schema())?;
    for kind in EventKind::ALL {
        let path = args.folder.join(format!("events/schemas/{kind}.json"));
        write(&path, event::schema(kind).as_value())?;
    }
    Ok(Answer::Yes)
}

fn write(path: &Path, schema: &serde_json::Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(schema)? + "\n";
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
