//! The folded state as one JSON document.

use crmconf_events::access::Grant;
use crmconf_projections::{Configuration, ReadModel, RetiredConfiguration};
use serde_json::{Value, json};

use crate::cli::moment::rfc3339;

/// The state as JSON, indented; sealed values as their sizes.
pub(super) fn render(view: &ReadModel) -> String {
    let document = json!({
        "store": view.store,
        "sequence": view.last,
        "time_us": view.time.as_micros(),
        "time": view.last.and_then(|_| rfc3339(view.time)),
        "configurations": view.configurations.iter().map(|found| configuration(found)).collect::<Vec<_>>(),
        "retired": view.retired.iter().map(retired).collect::<Vec<_>>(),
        "destruction_held": view.retired.held(),
        "directory": directory(view),
        "accounts": accounts(view),
        "templates": templates(view),
    });
    format!("{document:#}\n")
}

fn configuration(found: &Configuration) -> Value {
    let secrets: serde_json::Map<_, _> = found
        .secrets
        .iter()
        .map(|(field, sealed)| {
            let told = if found.shredded {
                json!({ "shredded": true })
            } else {
                json!({ "sealed_bytes": sealed.ciphertext().len() })
            };
            (field.clone(), told)
        })
        .collect();
    json!({
        "id": found.id,
        "scope": found.scope,
        "type": found.crm_type,
        "description": found.description,
        "template": found.template,
        "key": found.key,
        "shredded": found.shredded,
        "created": found.created,
        "version": found.version,
        "configuration": *found.configuration,
        "secrets": secrets,
        "common": *found.common,
    })
}

/// A deleted configuration whose data key stands still.
fn retired(found: &RetiredConfiguration) -> Value {
    let RetiredConfiguration { id, scope, crm_type, key, actor, deleted } = found;
    json!({
        "id": id,
        "scope": scope,
        "type": crm_type,
        "key": key,
        "deleted_by": actor.to_string(),
        "deleted_us": deleted.as_micros(),
        "deleted": rfc3339(*deleted),
    })
}

fn directory(view: &ReadModel) -> Value {
    let entries = view.directory.entries();
    let telsys = entries.telsys.iter().map(|(id, (description, environment))| {
        json!({ "telsys": id, "description": description.text(), "environment": environment })
    });
    let partitions = entries.partitions.iter().map(|((telsys, partition), description)| {
        json!({ "telsys": telsys, "partition": partition, "description": description.text() })
    });
    let devices = entries.devices.iter().map(|((telsys, partition, device), description)| {
        json!({ "telsys": telsys, "partition": partition, "device": device, "description": description.text() })
    });
    telsys.chain(partitions).chain(devices).collect()
}

fn accounts(view: &ReadModel) -> Value {
    let account = |account: &std::sync::Arc<crmconf_projections::Account>| {
        json!({
            "id": account.id,
            "name_commitment": account.name,
            "credential": account.credential,
            "enabled": account.enabled,
            "grants": account.grants.iter().collect::<Vec<&Grant>>(),
            "version": account.version,
        })
    };
    view.accounts.iter().map(account).collect()
}

fn templates(view: &ReadModel) -> Value {
    let template = |(digest, template): (&crmconf_events::TemplateDigest, &std::sync::Arc<_>)| {
        let template: &crmconf_projections::RecordedTemplate = template;
        json!({
            "digest": digest,
            "type": template.crm_type,
            "version": template.version,
            "recorded": template.recorded,
            "document": &*template.document,
        })
    };
    view.templates.iter().map(template).collect()
}
