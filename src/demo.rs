//! The demo: its directory and accounts, and a request to paste.

use crmconf_events::access::{Grant, Role};
use crmconf_events::command::DirectoryEntry;
use crmconf_events::event::Actor;
use crmconf_events::{DeviceNumber, DirectoryText, PartitionId, Scope, TelSysId};

use crate::cli::shell;
use crate::store::{Founder, FoundingAccount};
use crate::vault::{AccountName, Password};

/// The `CMEnvironmentID` of the published Info example.
const ENVIRONMENT: &str = "d6d6c5a5f0f90d60:-15617a00:169f533f6d5:5613";
/// How many telephone systems, and partitions in each.
const COUNT: u32 = 2;
/// The numbers of the devices in each partition 1: the published example's and nine after it.
const DEVICES: std::ops::RangeInclusive<u64> = 1_234_567_101..=1_234_567_110;

/// Accounts with their roles; the passwords are `demo-NAME`.
const ACCOUNTS: [(&str, Role, bool); 5] = [
    ("admin", Role::Administrator, true),
    ("editor", Role::Editor, false),
    ("client", Role::Client, true),
    ("viewer", Role::Viewer, true),
    ("auditor", Role::Auditor, true),
];

/// What the demo begins with; `None` only if a constant above were no valid value.
#[must_use]
pub fn founder() -> Option<Founder> {
    let telsys_one = Scope::TelSys(TelSysId::new(1).ok()?);
    let accounts = ACCOUNTS.into_iter().map(|(name, role, everywhere)| {
        let scope = if everywhere { Scope::EveryTelSys } else { telsys_one.clone() };
        Some(FoundingAccount {
            name: AccountName::new(name).ok()?,
            password: Password::chosen(&format!("demo-{name}")).ok()?,
            grants: vec![Grant { role, scope }],
        })
    });
    Some(Founder {
        actor: Actor::System,
        accounts: accounts.collect::<Option<_>>()?,
        directory: directory()?,
    })
}

fn directory() -> Option<Vec<DirectoryEntry>> {
    let text = |text: &str| DirectoryText::new(text).ok();
    let mut entries = Vec::new();
    for number in 1..=COUNT {
        let telsys = TelSysId::new(number).ok()?;
        let description = text(&format!("{number} - tel sys"))?;
        entries.push(DirectoryEntry::TelSys { telsys, description, environment: text(ENVIRONMENT)? });
        for number in 1..=COUNT {
            let partition = PartitionId::new(number).ok()?;
            let description = text(&format!("{number} Partition"))?;
            entries.push(DirectoryEntry::Partition { telsys, partition, description });
        }
        let partition = PartitionId::new(1).ok()?;
        for number in DEVICES {
            let number = format!("{number:011}");
            let (device, description) = (DeviceNumber::new(&number).ok()?, text(&number)?);
            entries.push(DirectoryEntry::Device { telsys, partition, device, description });
        }
    }
    Some(entries)
}

/// This program's file, as a shell takes it.
fn program() -> String {
    let file = std::env::current_exe().ok().and_then(|file| file.into_os_string().into_string().ok());
    shell::quoted(file.as_deref().unwrap_or("crmconf"))
}

/// What the demo prints when it is ready.
#[must_use]
pub fn greeting(listen: std::net::SocketAddr) -> String {
    let program = program();
    let accounts = ACCOUNTS.map(|(name, _, _)| format!("{name}/demo-{name}")).join(", ");
    format!(
        r#"crmconf demo: http://{listen}/api/xml
Accounts (name/password): {accounts}

Paste into another terminal to add a CRM Configuration:

CRMCONF_PASSWORD=demo-editor {program} call --url http://{listen} --user editor - <<'END'
<Request Operation="CRMConfigurationAdd"><InvokeID>11</InvokeID><OperationPayload>
<Property Name="TelSysID">1</Property><Property Name="PartIDInTelSys">1</Property>
<Property Name="DeviceNumber">01234567101</Property>
<Property Name="Description">My first CRM Configuration</Property>
<Property Name="CRMType">CrmAddin.SugarCrm.SugarCrmAddin</Property>
<Property Name="ReturnID">true</Property>
<Container Name="CRMConfiguration"><Property Name="JSONData">{{"ClientId":"0987654321","SObjectNames":["Account","Contact","Lead"]}}</Property></Container>
<Container Name="CRMConfigurationCommon"><Property Name="JSONData">{{"Cached":"true","CacheFrequency":60,"CacheFrequencyUnit":"Minutes"}}</Property></Container>
</OperationPayload></Request>
END

Ctrl-C stops the demo; its data stays in the data folder."#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_has_the_documented_directory_and_accounts() {
        let founder = founder().unwrap();
        assert_eq!(founder.accounts.len(), 5);
        let count =
            |wanted: fn(&DirectoryEntry) -> bool| founder.directory.iter().filter(|e| wanted(e)).count();
        assert_eq!(count(|entry| matches!(entry, DirectoryEntry::TelSys { .. })), 2);
        assert_eq!(count(|entry| matches!(entry, DirectoryEntry::Partition { .. })), 4);
        assert_eq!(count(|entry| matches!(entry, DirectoryEntry::Device { .. })), 20);
    }
}
