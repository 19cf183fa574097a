//! Templates that cannot be loaded now: their types are told from unknown ones, and what needs no template goes on.

use std::sync::Arc;

use crmconf::templates::TemplateSet;
use crmconf_events::CrmType;
use crmconf_events::access::Role;
use crmconf_events::log::MemoryLog;

use crate::harness::{SUGAR, add_payload, container, golden, property, redact, triple};
use crate::inprocess::{InProcess, STORE, directory, found, grant, scope};

async fn service() -> InProcess {
    let log = Arc::new(MemoryLog::new(STORE));
    found(&*log, &[vec![grant(Role::Editor, scope(1, 0, ""))]], directory(&[(1, 0, "", "1")]));
    InProcess::start(log, 1).await
}

#[actix_web::test]
async fn a_type_whose_template_cannot_be_loaded_is_told_before_what_its_rules_would_refuse() {
    let inside = service().await;
    let at = triple("1", "", "");
    inside.call(0, "CRMConfigurationAdd", &add_payload(&at, "before")).await.expect_success();
    let listed = inside.call(0, "CRMConfigurationList", "").await.expect_success();
    let id = listed.property("CRMConfigurationID").unwrap();
    // 31006 by any template: it is no object.
    let broken = add_payload(&at, "x").replace("{", "[").replace("}", "]");
    inside.call(0, "CRMConfigurationAdd", &broken).await.expect_code(31006);
    let change = at.clone() + &property("CRMConfigurationID", &id) + &container("CRMConfiguration", "[]");

    let crm_type = CrmType::new(SUGAR).unwrap();
    for (words, templates) in [
        ("source-not-reached", TemplateSet::unreachable()),
        ("template-invalid", TemplateSet::read([(crm_type, "{}")])),
    ] {
        inside.app.templates.store(Arc::new(templates));
        let refused = inside.call(0, "CRMConfigurationAdd", &add_payload(&at, "x")).await;
        golden("errors", &format!("31001-{words}"), &redact(&refused.expect_code(31001), &[]));
        inside.call(0, "CRMConfigurationAdd", &broken).await.expect_code(31001);
        inside.call(0, "CRMConfigurationChange", &change).await.expect_code(31001);
        // What is looked at before comes before, and reading needs no template.
        let elsewhere = broken.replace(&property("TelSysID", "1"), &property("TelSysID", "01x"));
        inside.call(0, "CRMConfigurationAdd", &elsewhere).await.expect_code(11012);
        let info = at.clone() + &property("CRMConfigurationID", &id);
        inside.call(0, "CRMConfigurationInfo", &info).await.expect_success();
    }
    // Of a source that was reached, another type is merely unknown.
    let unknown = add_payload(&at, "x").replace(SUGAR, "CrmAddin.None");
    inside.call(0, "CRMConfigurationAdd", &unknown).await.expect_code(31005);
    inside.stop().await;
}
