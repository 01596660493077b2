//! A cell between its text and its run: what is compiled of it, again and again until it is good or turns out to be
//! the cell's own fault.

use super::diagnostics::{self, rustc::Message};
use crate::cell::definitions::{DefinitionId, Definitions};
use crate::cell::generate::{self, Loaded, Source, Surroundings, Text};
use crate::cell::parse::Parsed;
use crate::cell::plan::{self, Next, Plan};
use crate::cell::source_map::SourceMap;
use crate::cell::variables::Variables;
use crate::compile::direct_rustc::Compiled;
use crate::compile::{Service, library_guard};
use channel::CellNumber;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How often a cell is compiled at the most.
const MOST_BUILDS: usize = 40;

/// How often what ended without a word on any code is compiled again.
const MOST_ACCIDENTS: usize = 1;

/// What the session knows when a cell begins.
#[derive(Debug, Clone, Default)]
pub struct Book {
    pub definitions: Definitions,
    pub variables: Variables,
    /// The symbols of statics that the worker has loaded.
    pub exported: BTreeSet<String>,
}

impl Book {
    /// Whether cells have made an item or a variable of this name.
    pub fn is_known(&self, name: &str) -> bool {
        let items = self.definitions.all();
        self.variables.alive.contains_key(name) || items.iter().any(|known| known.item.name == name)
    }

    /// What the analyser gets of a cell's code.
    pub fn analysis(&self, code: &str) -> Text {
        generate::analysis(code, &self.definitions, &self.variables.alive)
    }
}

/// How far a cell has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// It was not compiled yet, or is to be compiled once more.
    New,
    /// It is compiled: its shared object.
    Compiled(PathBuf),
    /// It cannot be.
    Failed,
}

/// A cell that is being compiled.
pub struct Job {
    pub cell: CellNumber,
    pub count: usize,
    pub parsed: Arc<Parsed>,
    pub book: Book,
    pub stage: Stage,
    pub plan: Plan,
    pub source: Source,
    /// Variables that end before the cell begins, since their types have changed.
    pub ended: Vec<String>,
    /// Variables that end before the cell begins, since it gives their names to items.
    pub taken: Vec<String>,
    /// What the compiler said when it was done, or when it was the cell's own fault.
    pub messages: Vec<Message>,
    /// What cargo wrote, when it could not build.
    pub cargo: Option<String>,
    pub sources: Arc<Mutex<SourceMap>>,
    /// The variables for whose types the compiler is asked.
    unknown: BTreeSet<String>,
    loaded: Vec<Loaded>,
    tried: Vec<Plan>,
    builds: usize,
    accidents: usize,
    /// The first build that was the cell's own fault.
    fault: Option<(Source, Vec<Message>)>,
}

impl Job {
    /// A cell whose items are in the book already.
    pub fn new(
        cell: CellNumber,
        count: usize,
        parsed: Arc<Parsed>,
        book: Book,
        sources: Arc<Mutex<SourceMap>>,
    ) -> Job {
        Job {
            cell,
            count,
            parsed,
            book,
            stage: Stage::New,
            plan: Plan::default(),
            source: Source::default(),
            ended: Vec::new(),
            taken: Vec::new(),
            messages: Vec::new(),
            cargo: None,
            sources,
            unknown: BTreeSet::new(),
            loaded: Vec::new(),
            tried: Vec::new(),
            builds: 0,
            accidents: 0,
            fault: None,
        }
    }

    /// Compiles it, again and again until it is good or turns out to be its own fault. `types` are those of new
    /// variables, as far as somebody has told them; the compiler is asked for the `unknown` ones.
    pub fn compile(
        &mut self,
        service: &Service,
        mut types: BTreeMap<String, String>,
        unknown: BTreeSet<String>,
    ) {
        types.retain(|name, type_text| {
            self.parsed.lets.iter().any(|it| it.binds(name)) && Variables::is_writable(type_text)
        });
        let alive = self.book.variables.alive.keys().cloned().collect();
        self.plan = plan::first(&self.parsed, &types, &alive);
        self.plan.asked.clone_from(&unknown);
        self.unknown = unknown;
        loop {
            self.builds += 1;
            self.tried.push(self.plan.clone());
            self.generate();
            self.lock_sources().set_compiled(self.cell, &self.source);
            let compiled = service.compile(&self.source.text, &self.arguments());
            if service.is_cancelled() {
                self.stage = Stage::Failed;
            } else {
                self.take_in(compiled);
            }
            if self.stage != Stage::New {
                return;
            }
        }
    }

    /// The text by which the compiler would be asked for the types of these variables.
    pub fn question(&mut self, names: &BTreeSet<String>) -> String {
        let alive = self.book.variables.alive.keys().cloned().collect();
        self.plan = plan::first(&self.parsed, &BTreeMap::new(), &alive);
        self.plan.asked.clone_from(names);
        self.generate();
        self.source.text.clone()
    }

    /// The types of the variables that it keeps.
    pub fn types(&self) -> BTreeMap<String, String> {
        let kept = self.plan.kept.iter();
        kept.map(|(name, kept)| (name.clone(), kept.type_text.clone()))
            .collect()
    }

    fn generate(&mut self) {
        let Book {
            definitions,
            variables,
            exported,
            ..
        } = &self.book;
        self.ended = variables.outdated(definitions);
        self.taken = variables.taken_by(&self.parsed);
        self.loaded = variables.wanted(&self.parsed.words, definitions);
        let renewed = variables.renewed_by(&self.parsed);
        let is_hidden = |name: &String| self.taken.contains(name) || renewed.contains(name);
        self.loaded.retain(|it| !is_hidden(&it.name));
        let ended = [&*self.ended, &*self.taken].concat();
        let surroundings = Surroundings {
            definitions,
            loaded: &self.loaded,
            ended: &ended,
            exported,
        };
        self.source = generate::source(self.cell, &self.parsed, &self.plan, &surroundings);
    }

    /// What is added to the compiler's arguments.
    fn arguments(&self) -> Vec<String> {
        let definitions = &self.book.definitions;
        let mut arguments = vec![
            // Values of before are of other types when a type was defined anew, also where only `Any` knows.
            format!("-Cmetadata=generation{}", definitions.generation()),
            // A cell's own symbols go before those of earlier cells.
            "-Clink-arg=-Wl,-Bsymbolic".to_owned(),
        ];
        if !self.plan.asked.is_empty() {
            // Whole, and with the paths by which a cell can name them.
            arguments.extend(["--verbose", "-Ztrim-diagnostic-paths=no"].map(str::to_owned));
        }
        arguments
    }

    /// What it needs could not be built.
    pub fn refuse(&mut self, refusal: Compiled) {
        self.take_in(refusal);
        self.stage = Stage::Failed;
    }

    /// Takes in how a build ended: the stage is what it was when another one is to be tried.
    fn take_in(&mut self, compiled: Compiled) {
        let messages: Vec<Message> = compiled
            .messages
            .iter()
            .filter_map(|json| serde_json::from_str(json).ok())
            .collect();
        let is_refused = |message: &Message| message.code() == Some(library_guard::REFUSAL);
        let is_of_library = compiled.cargo.is_some() || messages.iter().any(is_refused);
        let is_accident =
            compiled.library.is_none() && !is_of_library && diagnostics::is_accident(&messages);
        if is_accident && self.accidents < MOST_ACCIDENTS {
            self.accidents += 1;
            tracing::warn!(?messages, "compiled once more");
            return;
        }
        // A compiler that broke down has not answered.
        if !self.plan.asked.is_empty() && !is_of_library && !is_accident {
            let refusals = messages.iter().filter_map(Message::refusal);
            self.plan = plan::answered(&self.plan, &self.source, &refusals.collect::<Vec<_>>());
            return;
        }
        if let Some(library) = compiled.library {
            self.stage = Stage::Compiled(library);
            self.messages = messages;
            return;
        }
        self.cargo = compiled.cargo;
        if is_of_library {
            self.stage = Stage::Failed;
            self.messages = messages;
            return;
        }
        let refusals: Vec<plan::Refusal> = messages.iter().filter_map(Message::refusal).collect();
        let own = |id: DefinitionId| {
            let definition = self.book.definitions.get(id);
            definition.is_none_or(|known| known.cell == self.cell)
        };
        let next = plan::next(
            &self.parsed,
            &self.plan,
            &self.source,
            &refusals,
            own,
            &self.tried,
        );
        tracing::debug!(?next, ?refusals, "a build was refused");
        if self.builds < MOST_BUILDS {
            match next {
                Next::Try(plan) => {
                    let is_other_reading =
                        (plan.error, plan.tail) != (self.plan.error, self.plan.tail);
                    if is_other_reading {
                        self.note_fault(messages);
                    }
                    self.plan = plan;
                    if is_other_reading {
                        // What one reading did not tell another one may.
                        let kept = &self.plan.kept;
                        let untold = self.unknown.iter().filter(|name| !kept.contains_key(*name));
                        self.plan.asked = untold.cloned().collect();
                    }
                    return;
                }
                Next::SetAside(broken) => {
                    self.book
                        .definitions
                        .put_aside(&broken, self.cell, self.count);
                    return;
                }
                Next::GiveUp => {}
            }
        }
        self.stage = Stage::Failed;
        self.note_fault(messages);
        if let Some((source, messages)) = self.fault.take() {
            self.lock_sources().set_compiled(self.cell, &source);
            self.messages = messages;
        }
    }

    /// What is told in the end is what the first reading was refused for, in the words of the compiler: not in
    /// those about a method of ours.
    fn note_fault(&mut self, messages: Vec<Message>) {
        let is_about_display = |messages: &[Message]| {
            messages
                .iter()
                .any(|message| message.message.contains("evcxr_display"))
        };
        let is_better = match &self.fault {
            None => true,
            Some((_, known)) => is_about_display(known) && !is_about_display(&messages),
        };
        if is_better {
            self.fault = Some((self.source.clone(), messages));
        }
    }

    fn lock_sources(&self) -> MutexGuard<'_, SourceMap> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
