//! `crmconf templates check --data`: which configurations do not fit the present templates, and which passwords stand in
//! clear.

use std::path::Path;

use crmconf_events::template::Part;
use crmconf_projections::Configuration;

use super::super::Failure;
use super::super::folded::folded;
use crate::cli::{Status, output};
use crate::settings::TemplatesPlace;
use crate::templates::{Note, Template, TemplateLookup, TemplateSet, Watched};

/// Most faults of one part that are told. Whoever has more has another template.
const FAULTS_TOLD_MAX: usize = 20;

/// What the configurations come to.
#[derive(Default)]
struct Report {
    lines: String,
    configurations: usize,
    unfit: usize,
    clear: usize,
}

/// Checks the configurations of a store: what is printed, and whether nothing was found.
pub(super) fn check(data: &Path, place: &TemplatesPlace) -> Result<(String, Status), Failure> {
    let (templates, mut lines) = templates(place)?;
    let projector = folded(data, None, "reading commits")?;
    let mut report = Report::default();
    for configuration in projector.view().configurations.iter() {
        report.look_at(configuration, &templates);
    }
    let Report { lines: told, configurations, unfit, clear } = report;
    lines.push_str(&told);
    let good = unfit == 0 && clear == 0;
    lines.push_str(&match (configurations, good) {
        (0, _) => "configurations: 0: there is nothing to check\n".to_owned(),
        (_, true) => format!(
            "configurations: {configurations}: all of them fit the present templates, and no password stands in clear\n"
        ),
        (_, false) => format!(
            "configurations: {configurations}, that do not fit the present templates: {unfit}, \
             with passwords in clear: {clear}\n"
        ),
    });
    Ok((output::printable(&lines), if good { Status::Done } else { Status::Failed }))
}

/// The templates of a place, and a line on each that cannot be used and on all of them.
fn templates(place: &TemplatesPlace) -> Result<(TemplateSet, String), Failure> {
    let Some(mut source) = Watched::of(place) else {
        return Ok((TemplateSet::builtin(), "templates: those that come with the program\n".to_owned()));
    };
    let (set, notes) = source.look();
    let mut lines = String::new();
    for note in notes {
        match note {
            Note::Unreadable { why, serving: _ } => {
                return Err(Failure::new(format!("the templates of {source} cannot be read: {why}")));
            }
            Note::Refused { document, why, serving: _ } => {
                lines.push_str(&format!("{}: refused: {why}\n", document.to_string_lossy()));
            }
            Note::Read { usable, refused } => {
                lines.push_str(&format!("templates: {source}, usable: {usable}, refused: {refused}\n"));
            }
            Note::Taken { .. } | Note::Removed { .. } => {}
        }
    }
    Ok((set.unwrap_or_default(), lines))
}

impl Report {
    fn look_at(&mut self, configuration: &Configuration, templates: &TemplateSet) {
        self.configurations = self.configurations.saturating_add(1);
        let (faults, clear) = match templates.get(&configuration.crm_type) {
            TemplateLookup::Found(template) => by_template(configuration, &template),
            TemplateLookup::Invalid(_) => {
                (vec!["error: the template of its type is refused".to_owned()], Vec::new())
            }
            TemplateLookup::Unknown => {
                (vec!["error: there is no template of its type".to_owned()], Vec::new())
            }
            TemplateLookup::Unreachable => {
                (vec!["error: the templates were not read".to_owned()], Vec::new())
            }
        };
        self.unfit = self.unfit.saturating_add(usize::from(!faults.is_empty()));
        self.clear = self.clear.saturating_add(usize::from(!clear.is_empty()));
        let Configuration { id, scope, crm_type, .. } = configuration;
        for told in faults.into_iter().chain(clear) {
            // Names of fields are their authors', and must not write lines.
            let told = told.replace('\n', "\\n");
            self.lines.push_str(&format!("{id} ({scope}, {crm_type}): {told}\n"));
        }
    }
}

/// What of a configuration does not fit its template, and its passwords that stand in clear.
fn by_template(configuration: &Configuration, template: &Template) -> (Vec<String>, Vec<String>) {
    let sealed: Vec<&str> = configuration.secrets.keys().map(String::as_str).collect();
    let parts = [
        (Part::Configuration, &configuration.configuration, &*sealed),
        (Part::Common, &configuration.common, &[]),
    ];
    let mut told = Vec::new();
    for (part, stored, sealed) in parts {
        let faults = template.faults_of_stored(part, stored, sealed.iter().copied());
        let shown = faults.iter().take(FAULTS_TOLD_MAX);
        told.extend(shown.map(|fault| format!("error at /{part}{}: {}", fault.pointer(), fault.rule())));
        if let Some(more) = faults.len().checked_sub(FAULTS_TOLD_MAX).filter(|more| *more > 0) {
            told.push(format!("error at /{part}: {more} more"));
        }
    }
    let clear = template.in_clear(&configuration.configuration).map(|name| {
        format!(
            "password in clear at /{}/{name}: the next Change of the configuration seals it",
            Part::Configuration
        )
    });
    (told, clear.collect())
}
