//! Looks at the source of templates as the server looks at it when it starts.

use crate::cli::shell;
use crate::settings::{Settings, TableSettings, TemplatesPlace, table};
use crate::templates::{Note, Watched};

/// What a look came to. The server starts all the same, so nothing here is a failure.
#[derive(Default)]
pub(super) struct Templates {
    /// What is well.
    pub(super) told: Option<String>,
    /// What will be served less for.
    pub(super) warnings: Vec<String>,
}

/// Looks at the source, where templates are not built in.
pub(super) fn look(settings: &Settings) -> Templates {
    let place = settings.templates();
    let Some(mut source) = Watched::of(&place) else { return Templates::default() };
    let (named, advice) = named(&place);
    let mut looked = Templates::default();
    let (_, notes) = source.look();
    for note in notes {
        match note {
            Note::Read { usable: 0, refused: _ } => looked
                .warnings
                .push(format!("{named}: holds no template that can be used, so no type would be known")),
            Note::Read { usable, refused: _ } => {
                looked.told = Some(format!("{named}: templates that can be used: {usable}"));
            }
            Note::Unreadable { why, serving: _ } => looked
                .warnings
                .push(format!("{named}: cannot be read, and changes would be answered with 31001: {why}")),
            Note::Refused { document, why, serving: _ } => looked.warnings.push(format!(
                "{named}: {} is refused, and its type would not be served: {why}; {advice}",
                document.to_string_lossy()
            )),
            Note::Taken { .. } | Note::Removed { .. } => {}
        }
    }
    looked
}

/// What the source is called by its setting, and how its author learns all that is wrong with a template.
fn named(place: &TemplatesPlace) -> (String, String) {
    match place {
        TemplatesPlace::BuiltIn => Default::default(),
        TemplatesPlace::Folder(path) => {
            let shown = path.display();
            let check = format!("`crmconf templates check {}` tells all", shell::word(&shown.to_string()));
            (format!("{} {shown}", table::TEMPLATES_FOLDER.name), check)
        }
        TemplatesPlace::Table(TableSettings { table, .. }) => {
            let advice =
                "put its text into a folder as <CRMType>.json, and `crmconf templates check` tells all";
            (format!("{} {}", table::TEMPLATES_TABLE.name, table.value), advice.to_owned())
        }
    }
}
