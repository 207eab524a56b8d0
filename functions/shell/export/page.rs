//! What is stored on a customer, as a page that they can read.

mod known;

use crate::shell::store::{TouchEntry, TouchState};
use crate::shell::wording::Language;
use jiff::tz::TimeZone;
use lazo_domain::channel::Channel;
use lazo_domain::customer::Customer;
use lazo_domain::event::AnnualDate;
use lazo_domain::instant::Instant;
use lazo_domain::message::format;
use lazo_domain::rulebook::RuleBook;
use lazo_domain::stage::Stage;

use super::Whole;

/// A page under way.
struct Page<'a> {
    customer: &'a Customer,
    locale: String,
    zone: TimeZone,
    lang: Language,
    text: String,
}

pub fn of(whole: &Whole, book: &RuleBook, lang: Language) -> String {
    let customer = &whole.told.customer;
    let own = customer.locale(&book.policy);
    // Money and days as the customer's own region writes them.
    let is_own = Language::of(own) == Some(lang);
    let locale = if is_own { own.to_owned() } else { lang.tag().to_owned() };
    let zone = customer.zone(&book.default_zone).into_owned();
    let mut page = Page { customer, locale, zone, lang, text: String::new() };
    page.head(book, whole.now);
    page.profile();
    page.consents();
    page.purchases();
    page.encounters(whole);
    page.touches(whole, book);
    page.stage();
    page.kept_aside(&whole.kept_aside);
    page.rights(book);
    page.text
}

impl Page<'_> {
    fn pick(&self, es: &'static str, en: &'static str) -> &'static str {
        self.lang.pick(es, en)
    }

    fn title(&mut self, es: &'static str, en: &'static str) {
        let title = self.pick(es, en);
        self.text += &format!("\n{title}\n{}\n", "-".repeat(title.chars().count()));
    }

    fn line(&mut self, line: &str) {
        self.text += &format!("{line}\n");
    }

    /// A label and what is known, where it is.
    fn fact(&mut self, label: &'static str, value: Option<String>) {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            self.text += &format!("{label}: {value}\n");
        }
    }

    /// Lines of a section, or that there is nothing.
    fn lines(&mut self, lines: Vec<String>) {
        if lines.is_empty() {
            self.line(self.pick("Nada.", "Nothing."));
        }
        lines.iter().for_each(|line| self.line(line));
    }

    fn date(&self, date: AnnualDate) -> String {
        format::day(date, &self.locale)
    }

    fn day(&self, at: Instant) -> String {
        let date = at.date_in(&self.zone);
        let (year, month, day) = (Some(date.year()), date.month(), date.day());
        self.date(AnnualDate { year, month, day })
    }

    fn head(&mut self, book: &RuleBook, now: Instant) {
        let brand = &book.policy.brand.name;
        let shop = if brand.is_empty() { self.pick("la tienda", "the shop") } else { brand };
        let title = match self.lang {
            Language::Es => format!("Lo que {shop} guarda sobre ti"),
            Language::En => format!("What {shop} keeps about you"),
        };
        let (line, day) = ("=".repeat(title.chars().count()), self.day(now));
        let clock = now.zoned(&self.zone).strftime("%H:%M").to_string();
        self.text += &format!("{title}\n{line}\n{day}, {clock}\n");
        if let Some(at) = self.customer.erased_at {
            let day = self.day(at);
            let said = match self.lang {
                Language::Es => format!(
                    "Pediste que te olvidáramos el {day}: de ti solo quedan números de referencia, para no volver a escribirte."
                ),
                Language::En => format!(
                    "You asked to be forgotten on {day}: of you only reference numbers are left, so that nobody writes to you again."
                ),
            };
            self.line(&said);
        }
    }

    fn touches(&mut self, whole: &Whole, book: &RuleBook) {
        let mut touches: Vec<&TouchEntry> = whole.told.touches.iter().collect();
        touches.sort_by_key(|touch| touch.at);
        let is_sent = |touch: &&&TouchEntry| touch.state == TouchState::Sent;
        let sent = touches.iter().filter(is_sent).map(|touch| {
            let rule = about(book, &touch.touch.rule, self.lang);
            format!("{}  {}: {rule}", self.day(touch.at), self.channel(touch.channel))
        });
        let sent = sent.collect();
        let unsent = touches.iter().filter(|touch| touch.reason.is_some() && !is_sent(touch));
        let unsent = unsent.map(|touch| {
            let rule = about(book, &touch.touch.rule, self.lang);
            let why = touch.reason.map_or("", |reason| self.lang.reason(reason));
            format!("{}  {}: {rule} ({why})", self.day(touch.at), self.channel(touch.channel))
        });
        let unsent = unsent.collect();
        let coming = self
            .customer
            .pending()
            .map(|one| format!("{}  {}", self.day(one.next), about(book, &one.rule, self.lang)));
        let coming = coming.collect();
        self.title(
            "Qué te enviamos o pedimos hacer por ti",
            "What we sent you or had done for you",
        );
        self.lines(sent);
        self.title("Qué no te enviamos, y por qué", "What we did not send you, and why");
        self.lines(unsent);
        self.title("Qué está previsto", "What is planned");
        self.lines(coming);
    }

    fn channel(&self, channel: Channel) -> &'static str {
        match channel {
            Channel::Email => self.pick("correo", "email"),
            Channel::Call => self.pick("llamada", "call"),
            Channel::Task => self.pick("tarea", "task"),
            Channel::Event => self.pick("aviso interno", "internal notice"),
        }
    }

    fn stage(&mut self) {
        self.title(
            "Cómo vemos tu relación con la tienda",
            "How we see your relationship with the shop",
        );
        let Some(entered) = self.customer.stages.last() else {
            return self.lines(Vec::new());
        };
        let stage = match entered.stage {
            Stage::Exploration => {
                self.pick("nos conoces desde hace poco", "you are getting to know us")
            }
            Stage::Awareness => {
                self.pick("ya nos compraste y te gustó", "you bought from us and liked it")
            }
            Stage::Expansion => self.pick("vuelves a comprarnos", "you come back to us"),
            Stage::Commitment => self.pick("compras a menudo", "you buy often"),
            Stage::Dissolution => {
                self.pick("hace tiempo que no compras", "you have not bought for a while")
            }
            Stage::Ended => self.pick("ya no compras con nosotros", "you no longer buy from us"),
        };
        let since = self.pick("desde el", "since");
        let line = format!("{stage}, {since} {}", self.day(entered.at));
        self.line(&line);
        let how = self.pick(
            "Se calcula con las fechas de tus compras y con lo que nos dijiste.",
            "It is reckoned from the days of your purchases and from what you told us.",
        );
        self.line(how);
    }

    fn kept_aside(&mut self, texts: &[String]) {
        if texts.is_empty() {
            return;
        }
        self.title("Textos que no se pudieron procesar", "Texts that could not be processed");
        texts.iter().for_each(|text| self.line(text.trim()));
    }

    fn rights(&mut self, book: &RuleBook) {
        self.title("Qué puedes pedir", "What you can ask for");
        let brand = &book.policy.brand;
        let address = brand.reply_to.as_deref().unwrap_or(&brand.from);
        let said = match self.lang {
            Language::Es => format!(
                "Puedes pedir que corrijamos o borremos estos datos, o que no te contactemos más: {address}"
            ),
            Language::En => format!(
                "You can ask us to correct or erase these data, or not to contact you any more: {address}"
            ),
        };
        self.line(&said);
    }
}

/// What a rule is for, in the shop's own words.
fn about<'a>(book: &'a RuleBook, rule: &'a str, lang: Language) -> &'a str {
    book.rule(rule).map_or(rule, |rule| lang.purpose_of(rule))
}
