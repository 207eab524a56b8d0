//! A complaint is opened, and resolved.

use lazo_domain::complaint::Complaint;
use lazo_domain::customer::Customer;
use lazo_domain::event::{LINE_CHARS_MAX, Line, NOTE_CHARS_MAX};
use lazo_domain::id::Id;
use maud::html;
use serde_json::{Value, json};

use super::super::acts::{self, Change, NotTold};
use super::super::ask::{Ask, segment};
use super::super::parts::{Field, once, summary};
use super::super::reply::{Answer, Page, Reply, Trouble};
use super::contact::{Wrong, field, named, too_long};
use super::{form_page, known, path};

/// How many letters of a form's mark a complaint's id has.
const ID_LETTERS: usize = 12;

/// The form to open one.
///
/// # Errors
/// Where the customer is not there.
pub async fn open_form(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    Ok(opening(&ask, &customer, &Vec::new()).into())
}

/// Opens one, or shows the form again with what is wrong.
///
/// # Errors
/// Where the customer is not there, or the table does not answer.
pub async fn open_sent(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    let mut wrong = Wrong::new();
    if ask.form.text("category").is_none() {
        let why = ask.lang.pick("Di de qué se trata.", "Say what it is about.");
        wrong.push(("category", why.to_owned()));
    }
    wrong.extend(too_long(&ask, "category", LINE_CHARS_MAX));
    wrong.extend(too_long(&ask, "description", NOTE_CHARS_MAX));
    if !wrong.is_empty() {
        return Ok(opening(&ask, &customer, &wrong).refused().into());
    }
    let mark = ask.once();
    let severity = match ask.form.text("severity") {
        Some("low") => "low",
        Some("high") => "high",
        _ => "normal",
    };
    let mut detail = json!({
        "complaint_id": format!("com-{}", &mark[mark.len() - ID_LETTERS..]),
        "customer_id": customer.id,
        "occurred_at": ask.now.to_string(),
        "severity": severity,
        "category": ask.form.text("category").unwrap_or_default(),
    });
    if let Some(description) = ask.form.text("description") {
        detail["description"] = description.into();
    }
    match acts::tell(&ask, "ComplaintOpened", detail.clone()).await {
        Ok(_) => {}
        Err(NotTold::Field(why)) => {
            return Ok(opening(&ask, &customer, &vec![("description", why)]).refused().into());
        }
        Err(NotTold::Ours(trouble)) => return Err(trouble),
    }
    let after = json!({ "complaint_id": detail["complaint_id"], "severity": severity });
    let about = customer.id.as_str();
    let change = Change { what: "complaint.open", about, before: Value::Null, after };
    acts::audit(&ask, change).await?;
    Ok(Reply::go(format!("{}?done=complaint", path(&customer.id))))
}

fn opening(ask: &Ask, customer: &Customer, wrong: &Wrong) -> Page {
    let lang = ask.lang;
    let rules = ask.rules();
    let known: Vec<&str> =
        rules.book.policy.complaints.departments.keys().map(String::as_str).collect();
    let severities = [
        ("normal", lang.pick("normal", "normal")),
        ("low", lang.pick("leve", "low")),
        ("high", lang.pick("grave", "high")),
    ];
    let hint = match known.is_empty() {
        true => {
            lang.pick("Siempre con las mismas palabras.", "Always in the same words.").to_owned()
        }
        false => format!(
            "{} {}.",
            lang.pick("Tienen responsable:", "Those that have somebody:"),
            known.join(", ")
        ),
    };
    let category = Field {
        hint: Some(&hint),
        is_required: true,
        ..field(ask, wrong, "category", lang.pick("De qué se trata", "What it is about"))
    };
    let form = html! {
        form.stack method="post" action={ (path(&customer.id)) "/complaint" } {
            (once(&ask.once()))
            (summary(&named(wrong), lang))
            p {
                (lang.pick(
                    "Mientras esté abierta no le llega nada comercial, y alguien tiene un plazo para resolverla.",
                    "While it is open nothing commercial goes out, and somebody has a deadline to resolve it.",
                ))
            }
            (category.line("text"))
            (field(ask, wrong, "severity", lang.pick("Qué tan grave es", "How bad it is")).choice(&severities))
            (field(ask, wrong, "description", lang.pick("Qué pasó", "What happened")).area(4))
            div.row {
                button.btn.go { (lang.pick("Abrir la queja", "Open the complaint")) }
                a.btn href=(path(&customer.id)) { (lang.pick("Dejarlo", "Leave it")) }
            }
        }
    };
    form_page(ask, customer, lang.pick("Abrir una queja", "Open a complaint"), form)
}

/// The open complaint that a path names.
fn named_complaint<'a>(ask: &Ask, customer: &'a Customer) -> Result<(Id, &'a Complaint), Trouble> {
    let id = ask.id("complaint")?;
    let complaint = customer.complaints.get(&id).filter(|complaint| complaint.is_open());
    Ok((id, complaint.ok_or(Trouble::NotFound)?))
}

/// The form to resolve one.
///
/// # Errors
/// Where the customer or the complaint is not there.
pub async fn resolve_form(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    let (id, _) = named_complaint(&ask, &customer)?;
    Ok(resolving(&ask, &customer, &id, &Vec::new()).into())
}

/// Resolves it. One that was resolved already by the same form stays so.
///
/// # Errors
/// Where the customer is not there, or the table does not answer.
pub async fn resolve_sent(ask: Ask) -> Answer {
    let customer = known(&ask).await?;
    let id = ask.id("complaint")?;
    let done = || Reply::go(format!("{}?done=resolved", path(&customer.id)));
    let Some(complaint) = customer.complaints.get(&id) else { return Err(Trouble::NotFound) };
    if !complaint.is_open() {
        return Ok(done());
    }
    let mut wrong = Wrong::new();
    wrong.extend(too_long(&ask, "resolution", NOTE_CHARS_MAX));
    wrong.extend(too_long(&ask, "root_cause", LINE_CHARS_MAX));
    if !wrong.is_empty() {
        return Ok(resolving(&ask, &customer, &id, &wrong).refused().into());
    }
    let mut detail = json!({
        "complaint_id": id, "customer_id": customer.id, "occurred_at": ask.now.to_string(),
    });
    for name in ["resolution", "root_cause"] {
        if let Some(text) = ask.form.text(name) {
            detail[name] = text.into();
        }
    }
    match acts::tell(&ask, "ComplaintResolved", detail).await {
        Ok(_) => {}
        Err(NotTold::Field(why)) => {
            return Ok(resolving(&ask, &customer, &id, &vec![("resolution", why)])
                .refused()
                .into());
        }
        Err(NotTold::Ours(trouble)) => return Err(trouble),
    }
    let about = customer.id.as_str();
    let before = json!({ "complaint_id": id, "is_open": true });
    let after = json!({ "complaint_id": id, "is_open": false });
    acts::audit(&ask, Change { what: "complaint.resolve", about, before, after }).await?;
    Ok(done())
}

fn resolving(ask: &Ask, customer: &Customer, id: &Id, wrong: &Wrong) -> Page {
    let lang = ask.lang;
    let category = customer.complaints.category(id);
    let category = category.as_ref().map_or(id.as_str(), Line::as_str);
    let resolution = Field {
        hint: Some(lang.pick("Lo que se hizo.", "What was done.")),
        ..field(ask, wrong, "resolution", lang.pick("Cómo se resolvió", "How it was resolved"))
    };
    let cause = Field {
        hint: Some(lang.pick(
            "Siempre con las mismas palabras: las causas se cuentan.",
            "Always in the same words: causes are counted.",
        )),
        ..field(ask, wrong, "root_cause", lang.pick("Causa", "Cause"))
    };
    let form = html! {
        form.stack method="post"
            action={ (path(&customer.id)) "/complaints/" (segment(id.as_str())) } {
            (once(&ask.once()))
            (summary(&named(wrong), lang))
            p { (lang.pick("Queja: ", "Complaint: ")) b { (lang.category(category)) } }
            (resolution.area(4))
            (cause.line("text"))
            div.row {
                button.btn.go { (lang.pick("Quedó resuelta", "It is resolved")) }
                a.btn href=(path(&customer.id)) { (lang.pick("Dejarlo", "Leave it")) }
            }
        }
    };
    form_page(ask, customer, lang.pick("Resolver la queja", "Resolve the complaint"), form)
}
