//! `crmconf templates check`: every fault of every file, with its place and what to do.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use crmconf_events::template::Part;

use super::super::Failure;
use crate::cli::{Status, output};
use crate::templates::folder::{
    FILES_MAX, TEMPLATE_SUFFIX, crm_type_of, is_template_name, read_template, same_type,
};
use crate::templates::{Template, Warning, warnings};

/// What a folder comes to.
#[derive(Default)]
struct Report {
    lines: String,
    usable: usize,
    refused: usize,
    warnings: usize,
}

/// Checks a folder: what is printed, and whether all of it can be used.
pub(super) fn check(folder: &Path) -> Result<(String, Status), Failure> {
    let unreadable =
        |error: std::io::Error| Failure::new(format!("{} cannot be read: {error}", folder.display()));
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let mut names =
        entries.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    names.sort();
    let mut report = Report::default();
    for name in names {
        if is_template_name(&name) {
            report.file(&name, &folder.join(&name));
        } else {
            report.other(&name, &folder.join(&name));
        }
    }
    let Report { mut lines, usable, refused, warnings } = report;
    let files = usable.saturating_add(refused);
    if files == 0 {
        let shown = folder.display();
        lines.push_str(&format!("{shown}: error: no template is there, which is called <CRMType>.json\n"));
    }
    if files > FILES_MAX {
        let shown = folder.display();
        lines.push_str(&format!("{shown}: error: a folder may have {FILES_MAX} templates at most\n"));
    }
    lines.push_str(&format!(
        "template files: {files}, usable: {usable}, refused: {refused}, warnings: {warnings}"
    ));
    let good = (1..=FILES_MAX).contains(&files) && refused == 0;
    Ok((output::printable(&lines), if good { Status::Done } else { Status::Failed }))
}

impl Report {
    /// A file that the server reads.
    fn file(&mut self, name: &OsStr, path: &Path) {
        let shown = name.to_string_lossy();
        let named = crm_type_of(name);
        let examined = read_template(path).map_err(|fault| vec![(String::new(), fault.to_string())]);
        let examined = examined.and_then(|text| {
            let told = |fault: &crate::templates::TemplateError| (fault.pointer(), fault.rule());
            Template::examine(&text).map_err(|faults| faults.iter().map(told).collect())
        });
        let mut faults: Vec<(String, String)> =
            named.as_ref().err().map(|why| (String::new(), why.clone())).into_iter().collect();
        match (&named, &examined) {
            (Ok(named), Ok(template)) => {
                let other = same_type(named, template.crm_type()).err();
                faults.extend(other.map(|why| ("/CRMType".to_owned(), why)));
            }
            (_, Err(found)) => faults.extend(found.iter().cloned()),
            (Err(_), Ok(_)) => {}
        }
        for (pointer, rule) in &faults {
            self.lines.push_str(&line(&shown, "error", pointer, rule));
        }
        for Warning { pointer, text } in examined.iter().flat_map(warnings) {
            self.warnings = self.warnings.saturating_add(1);
            self.lines.push_str(&line(&shown, "warning", &pointer, &text));
        }
        match examined {
            Ok(template) if faults.is_empty() => {
                self.usable = self.usable.saturating_add(1);
                self.lines.push_str(&format!("{shown}: usable: {}\n", summary(&template)));
            }
            Ok(_) | Err(_) => self.refused = self.refused.saturating_add(1),
        }
    }

    /// A file that the server does not read, where somebody may believe that it does.
    fn other(&mut self, name: &OsStr, path: &Path) {
        let shown = name.to_string_lossy();
        if shown.starts_with('.') {
            return;
        }
        let why = if path.is_dir() {
            "not read: folders within the folder are not looked into"
        } else if shown.to_lowercase().contains(TEMPLATE_SUFFIX) {
            "not read: a template's file is called <CRMType>.json, and does not begin with . # or ~"
        } else {
            return;
        };
        self.warnings = self.warnings.saturating_add(1);
        self.lines.push_str(&line(&shown, "warning", "", why));
    }
}

fn line(file: &str, kind: &str, pointer: &str, text: &str) -> String {
    let at = if pointer.is_empty() { String::new() } else { format!(" at {pointer}") };
    format!("{file}: {kind}{at}: {text}\n")
}

fn summary(template: &Template) -> String {
    let [configuration, common] = Part::ALL.map(|part| template.key_order(part).len());
    let passwords = template.password_fields().len();
    format!(
        "version {}, {configuration} fields, {passwords} of them passwords, and {common} common ones",
        template.version()
    )
}
