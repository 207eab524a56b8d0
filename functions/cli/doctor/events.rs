//! The bus, its rules, the archives and the queues.

use super::Findings;
use crate::stack::{DEFAULT_BUS, Route, Stack};

/// How many messages of a queue are no backlog.
const DEPTH_MAX: u64 = 1_000;

/// Looks at what brings events in.
pub(super) async fn look(stack: &Stack, found: &mut Findings) {
    if let Err(error) = look_at(stack, found).await {
        found.unknown(("el bus y las colas", "the bus and the queues"), format!("{error:#}"));
    }
}

async fn look_at(stack: &Stack, found: &mut Findings) -> anyhow::Result<()> {
    let Some(bus) = stack.arn_of(&stack.bus).await? else {
        let (es, en) = (
            format!("el bus {} no existe: nadie puede mandar eventos", stack.bus),
            format!("there is no bus {}: nobody can send events", stack.bus),
        );
        found.error(
            "bus",
            (&es, &en),
            (
                "despliega la plantilla, o da el bus con --bus",
                "deploy the template, or name the bus by --bus",
            ),
        );
        return Ok(());
    };
    let default = stack.arn_of(DEFAULT_BUS).await?.unwrap_or_default();
    let (of_shop, of_mail) = (stack.of_events(&stack.bus).await?, stack.of_mail().await?);
    rules(
        &of_shop,
        ("los eventos de la tienda no llegan a ingest", "the shop's events do not reach ingest"),
        "shop-events",
        found,
    );
    rules(
        &of_mail,
        (
            "lo que SES cuenta no llega a feedback: nadie se entera de rebotes ni quejas",
            "what SES tells does not reach feedback: nobody hears of bounces and complaints",
        ),
        "mail-rule",
        found,
    );
    let archives = stack.archives().await?;
    if !archives.iter().any(|archive| archive.bus == bus) {
        found.warning(
            "archive",
            (
                "los eventos de la tienda no se archivan: no se podrán repetir",
                "the shop's events are not archived: they cannot be replayed",
            ),
            ("despliega la plantilla otra vez", "deploy the template again"),
        );
    }
    let mut keeps_mail = false;
    for archive in archives.iter().filter(|archive| archive.bus == default) {
        keeps_mail |= stack.keeps_mail(&archive.name).await?;
    }
    if !keeps_mail {
        found.warning(
            "mail-archive",
            ("lo que SES cuenta no se archiva: tras restaurar la tabla saldrían correos otra vez", "what SES tells is not archived: after a restore of the table mails would go again"),
            ("despliega la plantilla otra vez", "deploy the template again"),
        );
    }
    let mut queues: Vec<&str> =
        of_shop.iter().chain(&of_mail).map(|one| one.queue.as_str()).collect();
    queues.sort_unstable();
    queues.dedup();
    for arn in queues {
        queue(stack, arn, found).await?;
    }
    Ok(())
}

fn rules(routes: &[Route], what: (&str, &str), id: &'static str, found: &mut Findings) {
    match routes.iter().find(|route| !route.is_enabled) {
        _ if routes.is_empty() => {
            found.error(
                id,
                what,
                (
                    "no hay regla que los lleve: despliega la plantilla otra vez",
                    "no rule brings them: deploy the template again",
                ),
            );
        }
        Some(off) => {
            let remedy = format!("aws events enable-rule --name {}", off.name);
            found.error(id, what, (&remedy, &remedy));
        }
        None => {}
    }
}

async fn queue(stack: &Stack, arn: &str, found: &mut Findings) -> anyhow::Result<()> {
    let name = arn.rsplit(':').next().unwrap_or_default();
    let state = stack.queue(arn).await?;
    if state.depth > DEPTH_MAX {
        let (es, en) = (
            format!("en la cola {name} esperan {} eventos", state.depth),
            format!("{} events wait in the queue {name}", state.depth),
        );
        found.warning(
            "queue",
            (&es, &en),
            (
                "mira el registro de la función que la vacía",
                "look at the log of the function that empties it",
            ),
        );
    }
    let Some(dead) = state.dead_letters else {
        let (es, en) = (
            format!("la cola {name} no guarda lo que no se pudo procesar"),
            format!("the queue {name} does not keep what could not be taken"),
        );
        found.error(
            "redrive-policy",
            (&es, &en),
            ("despliega la plantilla otra vez", "deploy the template again"),
        );
        return Ok(());
    };
    let depth = stack.queue(&dead).await?.depth;
    if depth > 0 {
        let name = dead.rsplit(':').next().unwrap_or_default();
        let (es, en) = (
            format!("{depth} eventos no se pudieron guardar y están en {name}"),
            format!("{depth} events could not be stored and are in {name}"),
        );
        let remedy = format!("aws sqs start-message-move-task --source-arn {dead}");
        found.error("dead-letters", (&es, &en), (&remedy, &remedy));
    }
    Ok(())
}
