use super::*;

#[test]
fn a_line_break_never_enters_a_name() {
    assert_eq!(Line::new("Ana\r\nBcc: x@y.z"), Err(BadText::ControlCharacter));
    assert!(Line::new("Ana María Ñandú").is_ok());
}

#[test]
fn addresses_are_checked() {
    for good in ["ana@example.com", "a.b+c@mail.example.co"] {
        assert!(Email::new(good).is_ok(), "{good}");
    }
    for bad in ["a@b", "@b.co", "a b@c.co", "a@b@c.co", "a@-b.co", "a..b@c.co", "a@b.co\r\n"] {
        assert!(Email::new(bad).is_err(), "{bad}");
    }
    let long =
        |local: usize, label: usize| format!("{}@{}.co", "a".repeat(local), "b".repeat(label));
    assert!(Email::new(long(64, 63)).is_ok());
    for bad in [long(65, 63), long(64, 64), long(1, 0)] {
        assert!(Email::new(bad.as_str()).is_err(), "{bad}");
    }
    for bad in ["ñ@b.co", "a<@b.co", "a@b_.co", "a@b-.co", ".a@b.co", "a.@b.co", "a@b.co."] {
        assert!(Email::new(bad).is_err(), "{bad}");
    }
    for good in ["+525512345678", "+12", "+123456789012345"] {
        assert!(Phone::new(good).is_ok(), "{good}");
    }
    for bad in ["5512345678", "+", "+1", "+0123", "+1234567890123456", "+52 55", "+52a"] {
        assert!(Phone::new(bad).is_err(), "{bad}");
    }
    assert!(ZoneName::new("America/Mexico_City").is_ok());
    assert!(ZoneName::new("Mars/Olympus").is_err());
}

#[test]
fn no_mail_server_is_at_a_number() {
    for bad in ["ana@192.0.2.1", "ana@1.2", "ana@example.123", "ana@example.9x", "ana@10.0.0.0.1"] {
        assert_eq!(Email::new(bad), Err(BadText::NoEmail), "{bad}");
    }
    for good in ["ana@163.com", "1@2.example", "ana@3m.com", "ana@example.xn--p1ai"] {
        assert!(Email::new(good).is_ok(), "{good}");
    }
    assert_eq!(Email::new("añá@example.com"), Err(BadText::LocalPart));
}

#[test]
fn texts_are_brought_into_the_form_in_which_they_are_kept() {
    for (title, given, kept) in [
        ("Email", " ana@example.com\u{a0}", "ana@example.com"),
        ("Email", "\u{feff}Ana@Example.com\n", "Ana@Example.com\n"),
        ("Email", "ana@correo.ñandú.mx", "ana@correo.xn--and-6ma2c.mx"),
        ("Email", "ana@ÑANDÚ.mx", "ana@xn--and-6ma2c.mx"),
        ("Phone", "+52 55 1234 5678", "+525512345678"),
        ("Phone", "+52 (55) 1234-5678", "+525512345678"),
        ("Phone", "\u{202a}+44 (0)20 7946.0958\u{202c}", "+442079460958"),
        ("Locale", "es_mx", "es-MX"),
        ("Locale", " ZH-hant-tw ", "zh-Hant-TW"),
        ("Locale", "sl-rozaj-biske-1994", "sl-rozaj-biske-1994"),
        ("Country", " mx", "MX"),
        ("ZoneName", "Europe/Madrid ", "Europe/Madrid"),
        ("AnnualDate", " 1984-03-09 ", "1984-03-09"),
        ("Line", "Ana\u{2028}María\u{200b}", "Ana María"),
        ("Line", "\u{202e}anA\u{feff}", "anA"),
        // Joiners are part of names and of emoji.
        ("Line", "می\u{200c}نا 👩\u{200d}🔧", "می\u{200c}نا 👩\u{200d}🔧"),
    ] {
        let mended = mended(title, given).unwrap();
        match kept.ends_with('\n') {
            true => assert_eq!(mended, kept.trim(), "{given:?}"),
            false => assert_eq!(mended, kept, "{given:?}"),
        }
    }
    assert_eq!(mended("Note", "a\u{2028}b"), None);
}

#[test]
fn what_is_a_line_may_stand_in_a_header() {
    let every = (0..=u32::from(char::MAX)).filter_map(char::from_u32);
    for c in every.filter(|c| Line::new(format!("a{c}b")).is_ok()) {
        assert!(!breaks_line(c) && !is_odd(c), "{c:?}");
        assert_eq!(crate::message::header("x", &format!("a{c}b")).unwrap(), format!("a{c}b"));
    }
}

#[test]
fn tags_and_codes_are_checked() {
    for good in ["es", "es-MX", "yue", "zh-Hant-TW", "sl-rozaj-biske-1994"] {
        assert!(Locale::new(good).is_ok(), "{good}");
    }
    let long = format!("es{}", "-abcdefgh".repeat(4));
    for bad in ["", "e", "espa", "e5", "es-", "es-abcdefghi", "es-M!", "es_MX", long.as_str()] {
        assert!(Locale::new(bad).is_err(), "{bad}");
    }
    assert!(Country::new("MX").is_ok());
    for bad in ["", "mx", "Mx", "MEX", "M", "M1"] {
        assert!(Country::new(bad).is_err(), "{bad}");
    }
}

#[test]
fn lines_and_notes_have_a_greatest_length() {
    assert!(Note::new("ñ".repeat(NOTE_CHARS_MAX)).is_ok() && Note::new("").is_ok());
    let most = NOTE_CHARS_MAX;
    let found = most + 1;
    assert_eq!(Note::new("ñ".repeat(found)), Err(BadText::TooLong { found, most }));
    assert!(Line::new("ñ".repeat(300)).is_ok());
    let told = BadText::TooLong { found: 301, most: 300 };
    assert_eq!(Line::new("ñ".repeat(301)), Err(told));
    assert_eq!(Line::new(" \u{a0} "), Err(BadText::Empty));
}

#[test]
fn debug_does_not_tell() {
    assert_eq!(format!("{:?}", Email::new("ana@example.com").unwrap()), "…");
}
