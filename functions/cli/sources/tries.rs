//! `lazo sources try`: what becomes of an event of another system, told and not done.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use lazo::shell::wording::Language;
use lazo_domain::instant::Instant;
use lazo_domain::source::{
    Became, CaseSource, Memory, RawEvent, Sample, Secrets, Source, Sources, read_sources, sign,
    try_sample,
};
use serde_json::{Map, Value, json};

use super::Which;
use crate::event_files::text;
use crate::system::Target;
use crate::{Answer, argument, clock};

/// Stands in for a secret where none is given: then signatures are not verified.
const ANY_SECRET: &str = "none was given";

/// Tell what would become of events of another system; nothing is sent.
#[derive(clap::Args)]
pub struct Args {
    /// Files with what arrives: an envelope of EventBridge, a post as
    /// {"headers": {…}, "body": "…"}, or the body alone. Each knows the purchases of
    /// those before it.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The source; without it the envelope or the headers tell.
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    #[command(flatten)]
    which: Which,
    /// A setting of the source, such as guests=false.
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// A header of bodies that stand alone, such as x-shopify-topic=orders/paid.
    #[arg(long, value_name = "NAME=VALUE")]
    header: Vec<String>,
    /// The secret that signatures are verified with; without one they are not.
    #[arg(long)]
    secret: Option<String>,
    /// The address that was posted to, where it is signed.
    #[arg(long, default_value = "")]
    url: String,
    /// When it arrived, as an instant with its offset; without it now.
    #[arg(long, value_name = "INSTANT", value_parser = argument::instant)]
    at: Option<jiff::Timestamp>,
    /// For each file one JSON object with the outcome, then one a line per event.
    #[arg(long)]
    json: bool,
}

pub fn run(args: &Args, target: &Target, lang: Language) -> anyhow::Result<Answer> {
    let at = args.at.map_or_else(clock::now, Instant::from);
    let (sources, found) = read_sources(&args.which.files(target)?);
    for error in found.iter().filter(|diagnostic| diagnostic.is_error()) {
        eprintln!("{}", lang.finding(error));
    }
    let samples = samples(args)?;
    let named: Vec<String> = samples
        .iter()
        .map(|(path, one)| name_of(args, &sources, path, one, lang))
        .collect::<Result<_, _>>()?;
    let mut ready: BTreeMap<&str, Source> = BTreeMap::new();
    let files = args.which.files(target)?;
    for name in &named {
        if !ready.contains_key(name.as_str()) {
            ready.insert(name, of_settings(name, &files, args)?);
        }
    }
    let mut memory = Memory::default();
    let mut is_fine = true;
    for ((path, sample), name) in samples.iter().zip(&named) {
        let Some(source) = ready.get(name.as_str()) else { continue };
        let (secret, sample) = match &args.secret {
            Some(secret) => (secret.clone(), sample.clone()),
            None => (ANY_SECRET.to_owned(), signed(source, sample.clone(), &args.url, at)),
        };
        let of_case = CaseSource {
            system: name.clone(),
            secret: Secrets::One(secret),
            notification_url: args.url.clone(),
            event_source: None,
            tolerance_s: None,
            transport: None,
            settings: Map::new(),
        };
        let became = try_sample(source, &of_case, &sample, &mut memory, at);
        is_fine &= !matches!(became.outcome, "failed" | "rejected");
        tell(&path.display().to_string(), name, &became, args.json, lang)?;
    }
    Ok(if is_fine { Answer::Yes } else { Answer::No })
}

fn tell(
    path: &str,
    source: &str,
    became: &Became,
    json: bool,
    lang: Language,
) -> anyhow::Result<()> {
    if json {
        let why = Some(&became.why).filter(|why| !why.is_empty());
        let outcome = json!({
            "file": path, "source": source, "outcome": became.outcome, "why": why,
            "left_out": became.left_out,
        });
        out!("{outcome}");
    } else {
        let why = lang.failure_reason(&became.why);
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        out!("{path}: {source}: {}{why}", lang.source_outcome(became.outcome));
    }
    for line in &became.lines {
        out!("{line}");
    }
    if !json {
        for one in &became.left_out {
            out!("  {}: {}", lang.pick("sin", "without"), lang.failure_reason(&one.to_string()));
        }
    }
    Ok(())
}

/// What arrives, of each file one or several.
fn samples(args: &Args) -> anyhow::Result<Vec<(&PathBuf, Sample)>> {
    let mut samples = Vec::new();
    for path in &args.files {
        let text = text(path)?;
        let read: Vec<Value> = match serde_json::from_str(&text) {
            Ok(one) => vec![one],
            Err(why) => {
                let lines = text.lines().filter(|line| !line.trim().is_empty());
                let lines: Result<Vec<Value>, _> = lines.map(serde_json::from_str).collect();
                // What is no JSON at all may be a form, posted.
                match lines {
                    Ok(lines) if lines.len() > 1 => lines,
                    _ if args.source.is_some() && !text.trim_start().starts_with(['{', '[']) => {
                        samples.push((path, posted(args, text)?));
                        continue;
                    }
                    _ => return Err(why).with_context(|| path.display().to_string()),
                }
            }
        };
        for one in read {
            let is_whole =
                one.get("detail-type").is_some() || one.get("body").is_some_and(Value::is_string);
            let sample = match is_whole {
                true => serde_json::from_value(one).with_context(|| path.display().to_string())?,
                false => posted(args, one.to_string())?,
            };
            samples.push((path, sample));
        }
    }
    Ok(samples)
}

/// A body alone, with the headers of the command line.
fn posted(args: &Args, body: String) -> anyhow::Result<Sample> {
    let headers = args.header.iter().map(|header| {
        let (name, value) = header
            .split_once('=')
            .ok_or_else(|| anyhow!("--header {header:?}: write it as name=value"))?;
        Ok((name.to_owned(), value.to_owned()))
    });
    Ok(Sample::Posted { headers: headers.collect::<anyhow::Result<_>>()?, body })
}

/// Which source a sample is of.
fn name_of(
    args: &Args,
    sources: &Sources,
    path: &std::path::Path,
    sample: &Sample,
    lang: Language,
) -> anyhow::Result<String> {
    let known = || sources.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(name) = &args.source {
        if sources.get(name).is_none() {
            match lang {
                Language::Es => bail!("no hay ningún origen {name:?}; hay {}", known()),
                Language::En => bail!("there is no source {name:?}; there are {}", known()),
            }
        }
        return Ok(name.clone());
    }
    let found = match sample {
        Sample::Event(event) => {
            let raw = RawEvent::read(&event.to_string());
            raw.and_then(|raw| Some(sources.of_bus(&raw.source)?.name.clone()))
        }
        Sample::Posted { headers, .. } => {
            let small =
                headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
            sources.of_headers(&small.collect::<Vec<_>>()).map(|one| one.name.clone())
        }
    };
    found.ok_or_else(|| match lang {
        Language::Es => anyhow!(
            "{}: no dice de qué origen es; nómbralo con --source (hay {})",
            path.display(),
            known()
        ),
        Language::En => anyhow!(
            "{}: does not tell its source; name it with --source (there are {})",
            path.display(),
            known()
        ),
    })
}

/// A source with the settings of the command line.
fn of_settings(name: &str, files: &[(String, String)], args: &Args) -> anyhow::Result<Source> {
    let mut settings = Map::new();
    for setting in &args.set {
        let (name, value) = setting
            .split_once('=')
            .ok_or_else(|| anyhow!("--set {setting:?}: write it as name=value"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        settings.insert(name.to_owned(), value);
    }
    let (sources, _) = read_sources(files);
    let source = sources.into_source(name).with_context(|| name.to_owned())?;
    source.with_settings(&settings).map_err(|setting| anyhow!("{name} has no setting {setting:?}"))
}

/// A post that is signed anew, so that what it says can be looked at without a secret.
fn signed(source: &Source, sample: Sample, url: &str, at: Instant) -> Sample {
    let (Some(webhook), Sample::Posted { mut headers, body }) = (&source.webhook, sample.clone())
    else {
        return sample;
    };
    let header = &webhook.signature.header;
    // A ping has none, and is to stay one.
    let is_ping = source.is_ping(headers.keys().map(String::as_str), &body);
    let signature = sign(&webhook.signature, body.as_bytes(), url, ANY_SECRET, at);
    if !is_ping {
        headers.retain(|name, _| !name.eq_ignore_ascii_case(header));
        headers.insert(header.clone(), signature);
    }
    Sample::Posted { headers, body }
}
