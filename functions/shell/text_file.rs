//! Text files that people hand over.

use std::io;
use std::path::Path;

/// What slots a file of another encoding into one that is read.
const MEND: &str = "save it as UTF-8 (in Excel “CSV UTF-8”), or run \
    `iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW`";

/// A file's text, without the byte order mark with which some programs begin it.
///
/// # Errors
/// A file that cannot be read; one that is not UTF-8, with the line and what to do:
/// a wrong guess at the encoding would store broken names.
pub fn read(path: &Path) -> io::Result<String> {
    text(std::fs::read(path)?).map_err(|why| io::Error::new(io::ErrorKind::InvalidData, why))
}

/// The text of bytes, without a byte order mark.
fn text(bytes: Vec<u8>) -> Result<String, String> {
    if is_utf16(&bytes) {
        return Err("it is UTF-16 text, as Excel's “Unicode text” and PowerShell's > write it; \
            save it as UTF-8, or run `iconv -f UTF-16 -t UTF-8 FILE > NEW`"
            .into());
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8 text; {MEND}")
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Whether bytes are UTF-16: by their mark, or by a zero in each second place.
fn is_utf16(bytes: &[u8]) -> bool {
    let is_marked = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    let pairs = bytes[..bytes.len().min(512)].chunks_exact(2);
    let count = pairs.len();
    let (first, second) = pairs.fold((0, 0), |(first, second), pair| {
        (first + usize::from(pair[0] == 0), second + usize::from(pair[1] == 0))
    });
    let is_half_zero = |zeros: usize, others: usize| zeros * 2 > count && others * 10 < count;
    is_marked || is_half_zero(first, second) || is_half_zero(second, first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_text() {
        let read = |bytes: &[u8]| text(bytes.to_vec()).unwrap();
        assert_eq!(read(b"\xef\xbb\xbf{}"), "{}");
        assert_eq!(read("José\n".as_bytes()), "José\n");
        assert_eq!(read(b""), "");
    }

    #[test]
    fn another_encoding_is_named_with_its_line() {
        let refused = |bytes: &[u8]| text(bytes.to_vec()).unwrap_err();
        let latin = refused(b"name\nana\nJos\xe9\n");
        assert!(latin.starts_with("line 3 is not UTF-8") && latin.contains("save it as UTF-8"));
        let wide = |order: fn(u16) -> [u8; 2], mark: bool| {
            let text = if mark { "\u{feff}ana,é" } else { "ana,José" };
            text.encode_utf16().flat_map(order).collect::<Vec<u8>>()
        };
        for bytes in [
            wide(u16::to_le_bytes, true),
            wide(u16::to_be_bytes, true),
            wide(u16::to_le_bytes, false),
            wide(u16::to_be_bytes, false),
        ] {
            assert!(refused(&bytes).contains("UTF-16"), "{bytes:?}");
        }
    }
}
