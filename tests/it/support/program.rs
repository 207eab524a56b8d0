//! The local program as a process of its own, in a folder of its own.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

/// A folder for one test's local system, with rules that hold nothing back:
/// everybody who buys gets a mail at once.
pub struct Shop {
    folder: tempfile::TempDir,
}

const RULE: &str = "rule: thanks
description: Thanks whoever buys.
status: live
purpose: service
priority: 50
trigger: { event: PurchaseCompleted }
steps: [{ id: mail, channel: email, template: thanks }]
";

impl Shop {
    pub fn new() -> Shop {
        let shop = Shop { folder: tempfile::tempdir().unwrap() };
        let write = |path: &str, text: &str| {
            let path = shop.path(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(
            "rules/policy.yaml",
            "brand: { name: Tienda, from: hola@example.com }\ndefault_locale: es\n",
        );
        write("rules/thanks.yaml", RULE);
        write("templates/thanks/es/subject.txt", "Gracias");
        write("templates/thanks/es/body.mjml", super::BODY);
        shop
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with these words, on this shop's data; where there are none yet, it
    /// makes them.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lazo"));
        command.args(words).arg("--data").arg(self.path("data")).kill_on_drop(true);
        if words.first() != Some(&"local") && !self.path("data/table.sqlite").exists() {
            command.arg("--new");
        }
        command
    }

    /// The same, with this shop's rules.
    pub fn with_rules(&self, words: &[&str]) -> Command {
        let mut command = self.command(words);
        command.arg("--rules").arg(self.path("rules"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The mails that went out, by their files' texts.
    pub fn mails(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(self.path("data/outbox")) else { return Vec::new() };
        let paths = files.map(|file| file.unwrap().path());
        let is_mail = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.ends_with(".eml") && !name.starts_with('.')
        };
        paths.filter(is_mail).map(|path| std::fs::read_to_string(path).unwrap()).collect()
    }
}

/// The words that start the whole system.
pub const LOCAL: [&str; 9] = [
    "local",
    "--dynamodb-port",
    "0",
    "--bus-port",
    "0",
    "--links-port",
    "0",
    "--console-port",
    "0",
];

/// Lets a program run for a while, then kills it as `kill -9` does.
pub async fn kill_after(mut child: Child, millis: u64) {
    let _ = tokio::time::timeout(Duration::from_millis(millis), child.wait()).await;
    // It may have ended by itself.
    let _ = child.start_kill();
    child.wait().await.unwrap();
}
