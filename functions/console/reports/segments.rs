//! Stages and segments: how many customers are in each, and how the drift model fares.

use lazo_domain::text_by_language::TextByLanguage;
use maud::{Markup, html};

use super::{as_of, kept, nothing, sub};
use crate::console::ask::Ask;
use crate::console::charts;
use crate::console::parts::{Tone, note};
use crate::console::reply::{Answer, Page, Trouble};
use crate::console::routes::Section;
use crate::shell::report::base::BaseFigures;
use crate::shell::wording::Language;
use crate::shell::wording::uplift::percent;

/// The page.
///
/// # Errors
/// Where the table does not answer.
pub async fn segments(ask: Ask) -> Answer {
    let kept = kept(&ask).await?;
    let lang = ask.lang;
    let base = kept.as_ref().and_then(|kept| kept.base.as_ref());
    let base = base.filter(|base| base.customers > 0);
    let title = lang.pick("Etapas y segmentos", "Stages and segments");
    let model = model(&ask).await?;
    let main = html! {
        div.wrap {
            header.head {
                h1 { (title) }
                @if let Some(base) = base { p.lead { (lead(base, lang)) } }
            }
            (sub("/reports/segments", lang))
            @match base {
                None => (nothing(&ask)),
                Some(base) => {
                    (as_of(kept.as_ref(), &ask))
                    div class="cols c84 mt6" {
                        (sizes(base, &ask))
                        div.stack6 { (stages(base, lang)) (model) }
                    }
                }
            }
        }
    };
    Ok(Page::new(Section::Reports, title, main).into())
}

fn lead(base: &BaseFigures, lang: Language) -> String {
    let count = usize::try_from(base.customers).unwrap_or(usize::MAX);
    let all = lang.count(count, ["cliente", "clientes"], ["customer", "customers"]);
    let again = percent(base.share(base.repeat_buyers), lang);
    match (base.is_sample, lang) {
        (true, Language::Es) => {
            format!("De una muestra de {all}, {again} compró en más de un día.")
        }
        (true, Language::En) => {
            format!("Of a sample of {all}, {again} bought on more than one day.")
        }
        (false, Language::Es) => format!("De {all}, {again} compró en más de un día."),
        (false, Language::En) => format!("Of {all}, {again} bought on more than one day."),
    }
}

fn stages(base: &BaseFigures, lang: Language) -> Markup {
    let most = base.stages.iter().map(|(_, count)| *count).max().unwrap_or(1);
    html! {
        section.card aria-labelledby="h-stages" {
            h2 #h-stages { (lang.pick("Etapas de la relación", "Stages of the relationship")) }
            table.funnel {
                tbody {
                    @for (stage, count) in &base.stages {
                        tr {
                            th scope="row" { (lang.stage(*stage)) }
                            td.n { (percent(base.share(*count), lang)) }
                            td.barcell { (charts::bar(*count, most, "f-sent")) }
                        }
                    }
                }
            }
        }
    }
}

fn sizes(base: &BaseFigures, ask: &Ask) -> Markup {
    let lang = ask.lang;
    let rules = ask.rules();
    let said = |name: &str, of: fn(&lazo_domain::segment::Segment) -> &TextByLanguage| {
        let segment = rules.book.segments().get(name)?;
        lang.pick_text(of(segment)).map(str::to_owned)
    };
    html! {
        section.card aria-labelledby="h-segments" {
            h2 #h-segments { (lang.pick("Segmentos", "Segments")) }
            table.tcards {
                thead { tr {
                    th scope="col" { (lang.pick("Segmento", "Segment")) }
                    th.n scope="col" { (lang.pick("Clientes", "Customers")) }
                    th.n scope="col" { (lang.pick("Parte", "Share")) }
                } }
                tbody {
                    @for (name, count) in &base.segments {
                        tr {
                            th scope="row" {
                                (said(name, |segment| &segment.title).unwrap_or_else(|| name.clone()))
                                @if let Some(text) = said(name, |segment| &segment.description) {
                                    p class="s mute" { (text) }
                                }
                            }
                            td.n data-l=(lang.pick("Clientes", "Customers")) { (count) }
                            td.n data-l=(lang.pick("Parte", "Share")) { (percent(base.share(*count), lang)) }
                        }
                    }
                }
            }
        }
    }
}

/// How the drift model fares: fitted, or why not.
async fn model(ask: &Ask) -> Result<Markup, Trouble> {
    let lang = ask.lang;
    let fitted = ask.app().store.drift_model().await?;
    let said = match &fitted {
        None => lang.pick(
            "Todavía no se ajusta ningún modelo: se usa el plazo de la política.",
            "No model is fitted yet: the policy’s term is used.",
        ),
        Some(fitted) if fitted.refused.is_some() => lang.pick(
            "El último ajuste no se aceptó: faltan compras. Se usa el plazo de la política, o el modelo anterior.",
            "The last fit was not taken: purchases are missing. The policy’s term is used, or the model before.",
        ),
        Some(_) => lang.pick(
            "El modelo está ajustado a las compras de la tienda.",
            "The model is fitted to the shop’s purchases.",
        ),
    };
    let when = fitted.as_ref().map(|fitted| lang.time(fitted.tried_at, ask.now, &ask.zone()));
    let title = lang.pick("Quién se aleja", "Who drifts away");
    Ok(html! {
        section.card aria-labelledby="h-model" {
            h2 #h-model { (title) }
            (note(Tone::Plain, html! { p { (said) } }))
            @if let Some(when) = when { p class="s mute mt" { (lang.pick("Último ajuste: ", "Last fit: ")) (when) } }
        }
    })
}
