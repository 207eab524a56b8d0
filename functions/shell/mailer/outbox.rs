//! Mail into files: what the local system sends can be opened and read.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use lazo_domain::digest::sha256_hex;

use super::{Key, Letter, Refusal, SendError, Trace, Wait};

/// A folder of `.eml` files, one a mail.
#[derive(Clone, Debug)]
pub struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    /// Opens the folder, and makes it where it is not there.
    ///
    /// # Errors
    /// Where the folder cannot be made.
    pub fn open(folder: &Path) -> std::io::Result<Outbox> {
        fs::create_dir_all(folder)?;
        Ok(Outbox { folder: folder.to_owned() })
    }

    /// Looks whether a mail could be written into it.
    ///
    /// # Errors
    /// Where no file can be written into the folder.
    pub fn check(&self) -> std::io::Result<()> {
        let probe = self.folder.join(".probe");
        fs::write(&probe, "mail can be written here\n")?;
        fs::remove_file(&probe)
    }

    /// What every file of a mail ends with.
    fn ending(key: Key) -> String {
        format!("_{}.eml", sha256_hex(key.to_string(), 8))
    }

    pub(super) fn send(&self, key: Key, letter: &Letter) -> Result<String, SendError> {
        let id = letter.message_id();
        let safe = |text: &str| -> String {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            text.chars().take(60).map(|c| if fits(c) { c } else { '-' }).collect()
        };
        // The message id makes a second mail of one key a second file: it
        // would be seen, not covered up.
        let about = match key {
            Key::Touch(touch) => format!("{}_{}", safe(&touch.rule), safe(touch.customer.as_str())),
            Key::Notice(notice) => safe(&notice.to_string()),
        };
        let name = format!("{about}_{}{}", safe(&id), Outbox::ending(key));
        let part = self.folder.join(format!(".{name}.part"));
        let write = || -> std::io::Result<()> {
            let mut file = fs::File::create(&part)?;
            file.write_all(&letter.message.formatted())?;
            file.sync_all()?;
            fs::rename(&part, self.folder.join(&name))
        };
        write().map_err(|error| SendError::NotAccepted {
            refusal: Refusal::Connection,
            why: error.to_string(),
            wait: Wait::Minutes,
        })?;
        Ok(id)
    }

    /// A file that is there was sent; one that is not was not.
    pub(super) fn trace(&self, key: Key) -> Trace {
        let ending = Outbox::ending(key);
        let Ok(mut files) = fs::read_dir(&self.folder) else { return Trace::Unknown };
        let found = files.find_map(|file| {
            let name = file.ok()?.file_name().into_string().ok()?;
            (name.ends_with(&ending) && !name.starts_with('.')).then_some(name)
        });
        match found {
            None => Trace::NotAccepted,
            Some(name) => Trace::Accepted { message_id: name },
        }
    }

    /// How many mails are in it.
    pub fn count(&self) -> usize {
        let files = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        files.filter(|file| !file.file_name().to_string_lossy().starts_with('.')).count()
    }
}
