//! What is known of the customer: who they are, what they agreed to, bought and said.

use crate::shell::wording::Language;
use lazo_domain::channel::Channel;
use lazo_domain::event::{ConsentChannel, Item};
use lazo_domain::history::Purchase;
use lazo_domain::instant::Instant;
use lazo_domain::message::format;
use lazo_domain::money::Money;

use super::{Page, Whole};

impl Page<'_> {
    pub(super) fn profile(&mut self) {
        self.title("Quién eres", "Who you are");
        let customer = self.customer;
        let profile = &customer.profile;
        let text =
            |line: Option<&lazo_domain::event::Line>| line.map(|line| line.as_str().to_owned());
        let names = [text(profile.given.latest()), text(profile.family.latest())];
        let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let former = |latest: Option<String>, all: Vec<String>| {
            all.into_iter()
                .filter(|one| Some(one) != latest.as_ref())
                .collect::<Vec<_>>()
                .join(", ")
        };
        let email = profile.email.latest().map(|one| one.as_str().to_owned());
        let phone = profile.phone.latest().map(|one| one.as_str().to_owned());
        let emails = profile.email.all().map(|one| one.as_str().to_owned()).collect();
        let phones = profile.phone.all().map(|one| one.as_str().to_owned()).collect();
        let ids = customer.ids().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let interests = profile
            .interests
            .latest()
            .map(|all| all.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", "));
        self.fact(self.pick("Tu número de cliente", "Your customer number"), Some(ids));
        self.fact(self.pick("Nombre", "Name"), Some(name));
        self.fact(self.pick("Correo", "Email"), email.clone());
        self.fact(self.pick("Correos anteriores", "Former emails"), Some(former(email, emails)));
        self.fact(self.pick("Teléfono", "Phone"), phone.clone());
        self.fact(self.pick("Teléfonos anteriores", "Former phones"), Some(former(phone, phones)));
        self.fact(
            self.pick("Idioma", "Language"),
            profile.locale.latest().map(|one| one.as_str().to_owned()),
        );
        self.fact(
            self.pick("País", "Country"),
            profile.country.latest().map(|one| one.as_str().to_owned()),
        );
        self.fact(
            self.pick("Zona horaria", "Time zone"),
            profile.time_zone.latest().map(|one| one.as_str().to_owned()),
        );
        let birthday = profile.birthday.latest().map(|date| self.date(*date));
        self.fact(self.pick("Cumpleaños", "Birthday"), birthday);
        for (name, date) in &profile.anniversaries {
            if let Some(date) = date.latest() {
                let day = self.date(*date);
                self.line(&format!("{name}: {day}"));
            }
        }
        self.fact(
            self.pick("Tipo de relación", "Kind of relationship"),
            text(profile.relationship.latest()),
        );
        self.fact(
            self.pick("Quién te atiende", "Who looks after you"),
            text(profile.account_manager.latest()),
        );
        self.fact(self.pick("Te interesa", "You are interested in"), interests);
        for (name, value) in &profile.attributes {
            if let Some(value) = value.latest() {
                let value = serde_json::to_value(value).unwrap_or_default();
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                self.line(&format!("{name}: {value}"));
            }
        }
    }

    pub(super) fn consents(&mut self) {
        self.title("Qué aceptaste y qué no", "What you agreed to and what not");
        let mut lines = Vec::new();
        for (_, consents) in self.customer.consents_by_id() {
            for channel in [ConsentChannel::Email, ConsentChannel::Call] {
                lines.extend(consents.words(channel).map(|(purpose, word)| {
                    let what = self.lang.consent(channel, purpose);
                    let state = self.lang.consent_state(word.state);
                    format!("{}  {what}: {state}", self.day(word.at))
                }));
            }
        }
        let heard = &self.customer.heard;
        let of = [
            (&heard.email, self.pick("tu correo", "your email")),
            (&heard.phone, self.pick("tu teléfono", "your phone")),
        ];
        for (words, what) in of {
            if let Some(stop) = words.as_ref().and_then(|words| words.stop()) {
                let blocked = self.pick(
                    "no se usa: rebotó, o se marcó como no deseado",
                    "is not used: it bounced or was reported as spam",
                );
                lines.push(format!("{}  {what} {blocked}", self.day(stop.at)));
            }
        }
        self.lines(lines);
    }

    pub(super) fn purchases(&mut self) {
        self.title("Qué compraste", "What you bought");
        let history = &self.customer.history;
        if let Some(earlier) = &history.earlier {
            let earlier = match self.lang {
                Language::Es => format!(
                    "Compras más antiguas, de las que solo queda la suma: {}",
                    earlier.purchases
                ),
                Language::En => {
                    format!("Older purchases, of which only the sum is kept: {}", earlier.purchases)
                }
            };
            self.line(&earlier);
        }
        let mut lines = Vec::new();
        for purchase in &history.purchases {
            lines.extend(self.purchase(purchase));
        }
        self.lines(lines);
    }

    fn purchase(&self, purchase: &Purchase) -> Vec<String> {
        let money = Money { amount: purchase.total, currency: purchase.currency };
        let total = format::money(&money, &self.locale);
        let names: Vec<&str> =
            purchase.items.iter().map(|item: &Item| item.name.as_str()).collect();
        let mut names = names.join(", ");
        if names.is_empty() {
            names =
                purchase.categories.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
        }
        let mut lines =
            vec![format!("{}  {total}  {}  {names}", self.day(purchase.at), purchase.id)];
        if let Some(at) = purchase.delivered_at {
            lines.push(format!("  {}  {}", self.day(at), self.pick("se entregó", "delivered")));
        }
        for refund in &purchase.refunds {
            let amount = match &refund.total {
                None => total.clone(),
                Some(amount) => match amount.parse() {
                    Ok(amount) => {
                        let currency = refund.currency.unwrap_or(purchase.currency);
                        format::money(&Money { amount, currency }, &self.locale)
                    }
                    Err(_) => amount.clone(),
                },
            };
            let given = self.pick("se devolvió", "given back");
            lines.push(format!("  {}  {given} {amount}", self.day(refund.at)));
        }
        lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
        lines
    }

    /// What was said between the customer and the shop, in the order in which it was.
    pub(super) fn encounters(&mut self, whole: &Whole) {
        self.title("Qué hablamos", "What was said between us");
        let mut all: Vec<(Instant, String)> = Vec::new();
        for one in &self.customer.contacts {
            let (channel, kind) = (one.channel.as_str(), one.kind.as_str());
            let (channel, kind) = (self.lang.of_contact(channel), self.lang.of_contact(kind));
            let note = one.note.as_ref().map(|note| format!(": “{}”", note.as_str()));
            all.push((one.at, format!("{channel}, {kind}{}", note.unwrap_or_default())));
        }
        for one in &whole.told.answers {
            let csat = one.csat.map(|score| format!(", {score}/5")).unwrap_or_default();
            let nps = one.nps.map(|score| format!(", {score}/10")).unwrap_or_default();
            let comment = one.comment.as_ref().map(|text| format!(": “{}”", text.as_str()));
            let survey = self.pick("encuesta sobre", "survey on");
            let comment = comment.unwrap_or_default();
            all.push((one.at, format!("{survey} {}{csat}{nps}{comment}", one.touchpoint.as_str())));
        }
        for (id, one) in self.customer.complaints.iter() {
            let about = one.category.as_ref().map_or("", |category| category.as_str());
            let complaint = self.pick("queja", "complaint");
            let opened = one.opened_at.map(|at| (at, format!("{complaint} {id}: {about}")));
            let resolved = self.pick("queja resuelta", "complaint resolved");
            let ended = one.resolved_at.map(|at| (at, format!("{resolved} {id}")));
            all.extend(opened.into_iter().chain(ended));
        }
        for (at, reason) in &self.customer.reported {
            all.push((*at, self.lang.dissolution(*reason).to_owned()));
        }
        for call in &whole.told.calls {
            let what = match call.channel {
                Channel::Call => self.pick("se pidió llamarte", "a call to you was asked for"),
                _ => self.pick("se pidió una tarea sobre ti", "a task about you was asked for"),
            };
            let outcome = call.outcome.as_deref().map(|outcome| self.lang.of_contact(outcome));
            let outcome = outcome.map(|outcome| format!(": {outcome}")).unwrap_or_default();
            all.push((call.asked_at, format!("{what} ({}){outcome}", call.assigned_to)));
        }
        all.sort();
        all.dedup();
        let lines = all.iter().map(|(at, text)| format!("{}  {text}", self.day(*at))).collect();
        self.lines(lines);
    }
}
