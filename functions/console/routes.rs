//! Every page and action of the console, with who may: the router, the menus and the
//! test of every route by every role are made from this table alone.

use futures::future::BoxFuture;
use http::Method;

use super::access::{Role, Roles, choose};
use super::ask::Ask;
use super::reply::Answer;
use super::{calls, customers, edit, look, reports, rules, settings, templates, today};
use crate::shell::wording::Language;

/// Answers a request.
pub type Handler = fn(Ask) -> BoxFuture<'static, Answer>;

/// A page or an action.
pub struct Route {
    /// `GET` shows and changes nothing; `POST` changes.
    pub method: Method,
    /// Its path; `{names}` stand for a segment.
    pub path: &'static str,
    /// Who may.
    pub roles: Roles,
    /// What answers.
    pub handler: Handler,
}

/// Those who work with customers one by one: not operations, who read no texts of calls.
const DESK: Roles = Roles::of(&[Role::Rep, Role::Marketing, Role::Admin]);
/// Those who steer what goes out.
const STEER: Roles = Roles::of(&[Role::Marketing, Role::Admin]);
/// Those who look after the system.
const OPERATE: Roles = Roles::of(&[Role::Operations, Role::Admin]);
/// Those who look after who may come in.
const ADMIN: Roles = Roles::of(&[Role::Admin]);
/// Everybody but reps: figures, rules and settings.
const OFFICE: Roles = Roles::of(&[Role::Marketing, Role::Operations, Role::Admin]);
/// Everybody.
const ALL: Roles = Roles::ALL;

macro_rules! routes {
    ($($method:ident $path:literal $roles:ident => $handler:path;)*) => {
        &[$(Route {
            method: Method::$method,
            path: $path,
            roles: $roles,
            handler: |ask| Box::pin($handler(ask)),
        }),*]
    };
}

/// The table.
pub static ROUTES: &[Route] = routes! {
    GET  "/" ALL => today::show;
    GET  "/calls" DESK => calls::list;
    POST "/calls/next" DESK => calls::next;
    GET  "/calls/{touch}" DESK => calls::show;
    POST "/calls/{touch}/take" DESK => calls::take;
    POST "/calls/{touch}/more" DESK => calls::more;
    POST "/calls/{touch}/release" DESK => calls::release;
    POST "/calls/{touch}/snooze" DESK => calls::snooze;
    POST "/calls/{touch}/assign" DESK => calls::assign;
    POST "/calls/{touch}/report" DESK => calls::report;
    GET  "/customers" ALL => customers::search;
    GET  "/customers/{id}" ALL => customers::show;
    POST "/customers/{id}/export" OPERATE => customers::export;
    GET  "/customers/{id}/contact" DESK => customers::contact_form;
    POST "/customers/{id}/contact" DESK => customers::contact_sent;
    GET  "/customers/{id}/complaint" DESK => customers::open_form;
    POST "/customers/{id}/complaint" DESK => customers::open_sent;
    GET  "/customers/{id}/complaints/{complaint}" DESK => customers::resolve_form;
    POST "/customers/{id}/complaints/{complaint}" DESK => customers::resolve_sent;
    GET  "/customers/{id}/consent" DESK => customers::consent_form;
    POST "/customers/{id}/consent" DESK => customers::consent_sent;
    GET  "/customers/{id}/merge" OFFICE => customers::merge_form;
    POST "/customers/{id}/merge" OFFICE => customers::merge_sent;
    GET  "/customers/{id}/erase" OPERATE => customers::erase_form;
    POST "/customers/{id}/erase" OPERATE => customers::erase_sent;
    GET  "/rules" OFFICE => rules::list;
    GET  "/rules/{rule}" OFFICE => rules::show;
    POST "/rules/{rule}/status" STEER => rules::set_status;
    GET  "/new-rule" STEER => rules::new;
    POST "/new-rule" STEER => rules::begin;
    GET  "/versions" OFFICE => rules::versions;
    GET  "/versions/{number}" OFFICE => rules::version;
    POST "/versions/{number}/rollback" STEER => rules::roll_back;
    GET  "/edit/{file}" OFFICE => edit::show;
    POST "/edit/{file}" STEER => edit::act;
    POST "/edit/{file}/check" OFFICE => edit::check;
    GET  "/templates" OFFICE => templates::list;
    GET  "/templates/{name}" OFFICE => templates::show;
    GET  "/templates/{name}/preview" OFFICE => templates::preview;
    POST "/templates/{name}/send" STEER => templates::send;
    GET  "/reports" OFFICE => reports::rules;
    GET  "/reports/rules/{rule}" OFFICE => reports::rule;
    GET  "/reports/journey" OFFICE => reports::journey;
    GET  "/reports/complaints" OFFICE => reports::complaints;
    GET  "/reports/plan" OFFICE => reports::plan;
    GET  "/reports/segments" OFFICE => reports::segments;
    POST "/reports/refresh" OFFICE => reports::refresh;
    GET  "/settings" OFFICE => settings::show;
    GET  "/settings/audit" OFFICE => settings::audit;
    GET  "/settings/sessions" ADMIN => settings::sessions;
    POST "/settings/sessions/{session}/end" ADMIN => settings::end_session;
    GET  "/settings/sending" OFFICE => settings::sending;
    POST "/settings/sending/pause" OFFICE => settings::pause;
    POST "/settings/sending/resume" OFFICE => settings::resume;
    GET  "/settings/health" OFFICE => settings::health;
    GET  "/settings/failures" OPERATE => settings::failures;
    GET  "/settings/failures/{id}" OPERATE => settings::failure;
    POST "/settings/failures/{id}/redrive" OPERATE => settings::redrive;
    GET  "/keys" ALL => super::frame::keys_page;
    POST "/look" ALL => look::choose;
    POST "/as" ALL => choose;
};

/// Whether a role may, by a path as it stands in the table.
pub fn may(role: Role, method: &Method, path: &str) -> bool {
    let route = ROUTES.iter().find(|route| route.method == *method && route.path == path);
    route.is_some_and(|route| route.roles.has(role))
}

/// The parts of the console, as the menu shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What the day brings.
    Today,
    /// The call list.
    Calls,
    /// Customers, one by one.
    Customers,
    /// Rules, their versions and drafts.
    Rules,
    /// Templates of what goes out.
    Templates,
    /// What it brought.
    Reports,
    /// Policy, people, failures, workers.
    Settings,
    /// A page that is in no part, such as help.
    None,
}

impl Section {
    /// Those of the menu, in its order.
    pub const MENU: [Section; 7] = [
        Section::Today,
        Section::Calls,
        Section::Customers,
        Section::Rules,
        Section::Templates,
        Section::Reports,
        Section::Settings,
    ];

    /// Where it begins.
    pub fn path(self) -> &'static str {
        match self {
            Section::Today | Section::None => "/",
            Section::Calls => "/calls",
            Section::Customers => "/customers",
            Section::Rules => "/rules",
            Section::Templates => "/templates",
            Section::Reports => "/reports",
            Section::Settings => "/settings",
        }
    }

    /// What it is called.
    pub fn called(self, lang: Language) -> &'static str {
        match self {
            Section::Today => lang.pick("Hoy", "Today"),
            Section::Calls => lang.pick("Llamadas", "Calls"),
            Section::Customers => lang.pick("Clientes", "Customers"),
            Section::Rules => lang.pick("Reglas", "Rules"),
            Section::Templates => lang.pick("Plantillas", "Templates"),
            Section::Reports => lang.pick("Informes", "Reports"),
            Section::Settings => lang.pick("Ajustes", "Settings"),
            Section::None => "Lazo",
        }
    }

    /// The keys that lead there.
    pub fn keys(self) -> &'static str {
        match self {
            Section::Today | Section::None => "g h",
            Section::Calls => "g l",
            Section::Customers => "g c",
            Section::Rules => "g r",
            Section::Templates => "g p",
            Section::Reports => "g i",
            Section::Settings => "g a",
        }
    }

    /// Those that a role sees in the menu.
    pub fn of(role: Role) -> impl Iterator<Item = Section> {
        Section::MENU.into_iter().filter(move |section| may(role, &Method::GET, section.path()))
    }
}
