//! The table: whether it is one of Lazo's, and would survive a mishap.

use aws_sdk_dynamodb::types::{IndexStatus, PointInTimeRecoveryStatus, TimeToLiveStatus};
use lazo::shell::sending;
use lazo::shell::store::table::INDEXES;

use super::{Findings, why};
use crate::system::System;

/// Looks at the table; whether it is one of Lazo's, so that the rest can be looked at.
pub(super) async fn look(system: &System, found: &mut Findings) -> bool {
    let store = &system.app.store;
    let told = store.client().describe_table().table_name(store.table()).send().await;
    match told {
        Err(error) => {
            found.unknown(("la tabla", "the table"), why(&error));
        }
        Ok(told) => {
            let table = told.table();
            let is_there = |name: &str| {
                let indexes = table.map(|table| table.global_secondary_indexes());
                indexes.unwrap_or_default().iter().any(|index| {
                    index.index_name() == Some(name)
                        && matches!(index.index_status(), Some(IndexStatus::Active) | None)
                })
            };
            let missing: Vec<&str> =
                INDEXES.iter().map(|index| index.name).filter(|name| !is_there(name)).collect();
            if missing.len() == INDEXES.len() {
                let name = store.table();
                found.error(
                    "foreign-table",
                    (
                        &format!("la tabla {name} no es de Lazo"),
                        &format!("the table {name} is none of Lazo's"),
                    ),
                    (
                        "da la tabla de la pila: su salida TableName",
                        "name the stack's table: its output TableName",
                    ),
                );
                return false;
            }
            if !missing.is_empty() {
                let missing = missing.join(", ");
                found.error(
                    "index-missing",
                    (&format!("a la tabla le faltan índices, o aún se hacen: {missing}"), &format!("the table lacks indexes, or they are still made: {missing}")),
                    ("despliega la plantilla; una tabla restaurada a medias se restaura otra vez", "deploy the template; restore a half-restored table once more"),
                );
            }
            if table.is_some_and(|table| table.deletion_protection_enabled() == Some(false)) {
                found.warning(
                    "deletion-protection",
                    (
                        "la tabla se puede borrar por descuido",
                        "the table can be deleted by mistake",
                    ),
                    (
                        "aws dynamodb update-table --deletion-protection-enabled",
                        "aws dynamodb update-table --deletion-protection-enabled",
                    ),
                );
            }
        }
    }
    backups(system, found).await;
    if let Ok(Some(original)) = sending::copied_from(store).await {
        let (es, en) = (
            format!("la tabla es una copia restaurada de {original}: no sale nada"),
            format!("the table is a restored copy of {original}: nothing goes out"),
        );
        let remedy = format!("lazo restore --table {}", store.table());
        found.error("on-hold", (&es, &en), (&remedy, &remedy));
    }
    true
}

/// Old items go, and the table can be brought back.
async fn backups(system: &System, found: &mut Findings) {
    let store = &system.app.store;
    let (client, table) = (store.client(), store.table());
    match client.describe_time_to_live().table_name(table).send().await {
        Err(error) => {
            found.unknown(("el TTL de la tabla", "the table's TTL"), why(&error));
        }
        Ok(told) => {
            let status = told.time_to_live_description().and_then(|ttl| ttl.time_to_live_status());
            if !matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
                found.warning(
                    "ttl",
                    ("el TTL de la tabla está apagado: lo que vence no se borra", "the table's TTL is off: what expires is not deleted"),
                    ("aws dynamodb update-time-to-live con Enabled=true,AttributeName=expires_at", "aws dynamodb update-time-to-live with Enabled=true,AttributeName=expires_at"),
                );
            }
        }
    }
    match client.describe_continuous_backups().table_name(table).send().await {
        Err(error) => {
            found.unknown(("las copias de la tabla", "the table's backups"), why(&error));
        }
        Ok(told) => {
            let backups = told.continuous_backups_description();
            let recovery = backups.and_then(|told| told.point_in_time_recovery_description());
            let status = recovery.and_then(|told| told.point_in_time_recovery_status());
            if status != Some(&PointInTimeRecoveryStatus::Enabled) {
                found.error(
                    "recovery",
                    ("la tabla no se puede restaurar a un momento: la recuperación está apagada", "the table cannot be restored to an instant: recovery is off"),
                    ("aws dynamodb update-continuous-backups con PointInTimeRecoveryEnabled=true", "aws dynamodb update-continuous-backups with PointInTimeRecoveryEnabled=true"),
                );
            }
        }
    }
}
