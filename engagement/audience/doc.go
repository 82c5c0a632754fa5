// Package audience selects people by an expression over what is known of them, such as
//
//	tier == "gold" && days_since(last_order) > 45
//
// An expression is compiled and its types are checked when the config is read. It is evaluated page by page over all
// people, and can tell which of its terms held and which did not.
package audience
