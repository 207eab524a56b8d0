//! The questions on the shop: how we work together, who delivers, which processes, how we
//! communicate, which tools.

use lazo_domain::channel::Channel;
use lazo_domain::rulebook::Rule;
use lazo_domain::uplift::EVERY_RULE;

use super::{Known, Question, listed};
use crate::shell::wording::Language;
use crate::shell::wording::uplift::percent;

/// How many rules an answer tells of.
const RULES_TOLD: usize = 8;

impl Known<'_> {
    fn live(&self) -> impl Iterator<Item = &Rule> {
        self.rules.book.rules().iter().filter(|rule| rule.is_live())
    }

    fn by(&self, channel: Channel) -> usize {
        self.live().filter(|rule| rule.all_steps().any(|step| step.channel == channel)).count()
    }

    /// How we work together with them.
    pub(super) fn together(&self) -> Question {
        let lang = self.lang;
        let mut question = Question::new(
            lang.pick("¿Cómo trabajamos con ellos?", "How do we work together with them?"),
        );
        let (calls, tasks) = (self.by(Channel::Call), self.by(Channel::Task));
        question = question.says(match lang {
            Language::Es => format!(
                "Reglas activas que piden una llamada: {calls}; que piden una tarea: {tasks}."
            ),
            Language::En => {
                format!("Live rules that ask for a call: {calls}; for a task: {tasks}.")
            }
        });
        let base = self.kept.base.as_ref().filter(|base| base.customers > 0);
        let looked_after = base.map_or(0.0, |base| base.share(base.looked_after));
        question = question.says(match lang {
            Language::Es => format!(
                "{} tiene a una persona de la tienda que le atiende.",
                percent(looked_after, lang)
            ),
            Language::En => format!(
                "{} have a person of the shop who looks after them.",
                percent(looked_after, lang)
            ),
        });
        question.lacks(
            lang.pick("Lo que les prometemos fuera de Lazo.", "What we promise them outside Lazo."),
            lang.pick(
                "Anótalo como contacto con fecha: la regla de la llamada prometida lo cumple.",
                "Log it as a contact with a day: the rule of the promised call keeps it.",
            ),
        )
    }

    /// Which organisation delivers value.
    pub(super) fn organisation(&self) -> Question {
        let lang = self.lang;
        let policy = &self.rules.book.policy;
        let question =
            Question::new(lang.pick(
                "¿Qué organización entrega el valor?",
                "Which organisation delivers the value?",
            ));
        let (named, unnamed): (Vec<_>, Vec<_>) =
            policy.teams.iter().partition(|(_, team)| !team.members.is_empty());
        let teams = named.into_iter().map(|(name, team)| {
            let members = team.members.iter().map(|one| policy.called(one).to_owned());
            let members: Vec<String> = members.collect();
            format!("{}: {}.", policy.called(name), listed(&members, lang))
        });
        let departments = policy.complaints.departments.iter();
        let departments: Vec<String> = departments
            .map(|(about, team)| format!("{} → {}", lang.category(about), policy.called(team)))
            .collect();
        let question = question.says_all(teams);
        let question = match departments.is_empty() {
            true => question,
            false => question.says(format!(
                "{}: {}.",
                lang.pick("Las quejas van a", "Complaints go to"),
                listed(&departments, lang)
            )),
        };
        let unnamed: Vec<String> =
            unnamed.into_iter().map(|(name, _)| policy.called(name).to_owned()).collect();
        let who = lang.pick("Quién trabaja en", "Who works in");
        question.lacks_if(
            !unnamed.is_empty(),
            &format!("{who} {}.", listed(&unnamed, lang)),
            lang.pick(
                "`members` de cada equipo en policy.yaml.",
                "`members` of each team in policy.yaml.",
            ),
        )
    }

    /// Which processes are key.
    pub(super) fn processes(&self) -> Question {
        let lang = self.lang;
        let question =
            Question::new(lang.pick("¿Qué procesos son clave?", "Which processes are key?"));
        let mut told: Vec<_> =
            self.kept.rules.iter().filter(|one| one.rule != EVERY_RULE).collect();
        told.sort_by_key(|one| std::cmp::Reverse(one.sent));
        let lines = told.iter().filter(|one| one.sent > 0).take(RULES_TOLD).map(|one| {
            let title = self
                .rules
                .book
                .rule(&one.rule)
                .map_or(one.rule.as_str(), |rule| lang.title_of(rule));
            match lang {
                Language::Es => format!("{title}: {} enviados en 90 días.", one.sent),
                Language::En => format!("{title}: {} sent in 90 days.", one.sent),
            }
        });
        let lines: Vec<String> = lines.collect();
        let is_silent = lines.is_empty();
        let unmeasured = self.live().filter(|rule| rule.goal.is_none()).count();
        question
            .says_all(lines)
            .lacks_if(
                is_silent,
                lang.pick("En 90 días no salió nada.", "Nothing was sent in 90 days."),
                lang.pick(
                    "Una regla activa, y eventos que la inicien.",
                    "A live rule, and events that start it.",
                ),
            )
            .lacks_if(
                unmeasured > 0,
                &match lang {
                    Language::Es => format!(
                        "De {unmeasured} reglas activas no se sabe qué aportan: no tienen objetivo."
                    ),
                    Language::En => format!(
                        "What {unmeasured} live rules bring is not known: they have no goal."
                    ),
                },
                lang.pick(
                    "`goal` y `holdout` en la regla: `lazo report` lo mide.",
                    "`goal` and `holdout` in the rule: `lazo report` measures it.",
                ),
            )
    }

    /// How we communicate.
    pub(super) fn communication(&self) -> Question {
        let lang = self.lang;
        let policy = &self.rules.book.policy;
        let mut question =
            Question::new(lang.pick("¿Cómo nos comunicamos?", "How do we communicate?"));
        for cap in &policy.frequency_caps {
            let per = lang.duration(cap.per);
            let is_marketing = cap.purpose.is_some();
            let (es, en) =
                if is_marketing { ("comerciales", "of marketing") } else { ("en total", "in all") };
            question = question.says(match lang {
                Language::Es => format!("A lo más {} contactos {es} en {per}.", cap.max),
                Language::En => format!("At most {} contacts {en} in {per}.", cap.max),
            });
        }
        let Some(base) = self.kept.base.as_ref().filter(|base| base.customers > 0) else {
            return question;
        };
        let [mail, phone, yes] = [base.with_mail, base.with_phone, base.marketing_mail]
            .map(|count| percent(base.share(count), lang));
        question
            .says(match lang {
                Language::Es => format!("De {mail} se conoce el correo y de {phone} el teléfono; {yes} acepta correos comerciales."),
                Language::En => format!("A mail address is known of {mail}, a number of {phone}; {yes} accept marketing mail."),
            })
            .lacks_if(
                base.share(base.marketing_mail) < 0.5,
                lang.pick("Si los demás querrían saber de nosotros.", "Whether the others would like to hear from us."),
                lang.pick("Pregúntalo en caja y en la llamada; se manda como ConsentChanged.", "Ask at the till and in calls; it is sent as ConsentChanged."),
            )
    }

    /// Which tools serve it.
    pub(super) fn tools(&self) -> Question {
        let lang = self.lang;
        let question = Question::new(
            lang.pick("¿Qué herramientas sirven para ello?", "Which tools serve it?"),
        );
        let (rules, live) = (self.rules.book.rules().len(), self.live().count());
        let version = self.rules.book.version().map(|number| number.get());
        let version = version.map_or_else(String::new, |number| {
            format!(" ({} {number})", lang.pick("versión", "version"))
        });
        question
            .says(match lang {
                Language::Es => format!("Lazo, con {live} de {rules} reglas activas{version}: correo, lista de llamadas, tareas y avisos."),
                Language::En => format!("Lazo, with {live} of {rules} rules live{version}: mail, call list, tasks and notices."),
            })
            .lacks(
                lang.pick("Qué otros sistemas escriben a los mismos clientes.", "Which other systems write to the same customers."),
                lang.pick("Una lista de ellos; lo que manden debería contar en los mismos topes.", "A list of them; what they send should count in the same caps."),
            )
    }
}
