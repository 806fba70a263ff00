// The tables, and how a store of an older version becomes one of this version.
//
// Two kinds of data lie here. What is read back as a whole, a layer's result or an
// image's facts, is kept as packed parts (parts.hpp). What is asked for is kept in narrow
// tables with numbers for texts: which layer has which secret, program and path. So a
// million findings are some tens of megabytes, and each question is a walk from an index:
//
//     secret, rule, path ─► finding ─► layer_scan ─► image_layer ─► image_scan
//                                        ─► repo_manifest, tag_history ─► repository
//
// Visibility belongs to an image and not to a layer. It is worked out when the image is
// recorded, and `hidden` keeps the exceptions alone: what is not there is visible. A
// thousand images on one base layer share its findings and add no row. (Rejected: a row
// for each finding of each image, thousands of times as many; and joining the images when
// they are asked for, which has to read the paths of all their layers.)
#pragma once

#include "scanner/store/database.hpp"

namespace stratascan::store {

inline constexpr int schema_version = 4;

/// Makes the tables where there are none, and brings older ones forward, each version in
/// a transaction of its own. Errors: of the database, and `unsupported` for a store of a
/// newer version.
[[nodiscard]] Result<void> migrate(Database& database);

/// The statements that lead from version `from` to the next, from 0 on.
[[nodiscard]] std::string migration(int from);

}  // namespace stratascan::store
